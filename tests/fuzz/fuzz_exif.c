/* Hostile EXIF blocks: bare, and inside a PNG's and a JPEG's headers. */
#include "decode_input.h"

/* The block behind a prefix, in a buffer of exactly their size. */
static void behind(const char *prefix, size_t prefix_n, const uint8_t *bytes, size_t n)
{
    uint8_t *file = malloc(prefix_n + n);
    if (!file)
        return;
    memcpy(file, prefix, prefix_n);
    memcpy(file + prefix_n, bytes, n);
    decode_input(file, prefix_n + n);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char jpeg[] = "\xff\xd8\xff\xe1", png[] = "\x89PNG\r\n\x1a\n";
    int orientation = fd_exif_orientation(bytes, n);
    assert(orientation >= 0 && orientation <= 8);
    behind(jpeg, sizeof jpeg - 1, bytes, n);
    behind(png, sizeof png - 1, bytes, n);
    return 0;
}
