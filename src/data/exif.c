/* The one EXIF tag that matters here. Every offset is checked: the block is hostile. TIFF 6.0 section 2; tag 0x0112 of Exif 2.3. */
#include <string.h>

#include "data/decode.h"

enum { TIFF_BYTE = 1, TIFF_SHORT = 3, TIFF_LONG = 4, TAG_ORIENTATION = 0x0112, ENTRY_BYTES = 12 };

typedef struct tiff {
    const uint8_t *bytes;
    bool big;
} tiff;

static uint32_t u16(const tiff *t, size_t at)
{
    const uint8_t *b = t->bytes + at;
    return t->big ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

static uint32_t u32(const tiff *t, size_t at)
{
    return t->big ? u16(t, at) << 16 | u16(t, at + 2) : u16(t, at + 2) << 16 | u16(t, at);
}

/* The value of the entry at `at`, 0 when it is no orientation. A stored zero is what editors write for "not known": as it lies. */
static int orientation_value(const tiff *t, size_t at)
{
    uint32_t type = u16(t, at + 2), count = u32(t, at + 4), value = UINT32_MAX;
    if (count != 1)
        return 0;
    if (type == TIFF_BYTE)
        value = t->bytes[at + 8];
    else if (type == TIFF_SHORT)
        value = u16(t, at + 8);
    else if (type == TIFF_LONG)
        value = u32(t, at + 8);
    return value == 0 ? 1 : value <= 8 ? (int)value : 0;
}

int fd_exif_orientation(const uint8_t *bytes, size_t n)
{
    if (n < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 0;
    tiff t = {bytes, bytes[0] == 'M'};
    size_t directory = u32(&t, 4);
    if (directory < 8 || directory > n - 2)
        return 0;
    size_t entries = u16(&t, directory);
    for (size_t i = 0, at = directory + 2; i < entries; i++, at += ENTRY_BYTES) {
        if (at > n || n - at < ENTRY_BYTES)
            return 0;
        if (u16(&t, at) == TAG_ORIENTATION)
            return orientation_value(&t, at);
    }
    return 1;
}
