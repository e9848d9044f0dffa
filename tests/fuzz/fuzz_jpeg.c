/* Hostile JPEG files. */
#include "decode_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n >= 3 && !memcmp(bytes, "\xff\xd8\xff", 3))
        decode_input(bytes, n);
    return 0;
}
