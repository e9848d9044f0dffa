/* JPEG's markers, walked as far as the scan: size and EXIF block. ITU-T T.81 annex B. */
#include <string.h>

#include "data/decoder.h"

enum {
    MARK_SOF0 = 0xC0,
    MARK_SOF15 = 0xCF,
    MARK_DHT = 0xC4,
    MARK_JPG = 0xC8,
    MARK_DAC = 0xCC,
    MARK_EOI = 0xD9,
    MARK_SOS = 0xDA,
    MARK_APP1 = 0xE1
};

static bool is_frame(uint8_t marker)
{
    return marker >= MARK_SOF0 && marker <= MARK_SOF15 && marker != MARK_DHT && marker != MARK_JPG && marker != MARK_DAC;
}

/* 0x01 and RST0 .. SOI stand alone; 0x00 and 0xFF are stuffing and fill. */
static bool has_segment(uint8_t marker)
{
    return marker > 0x01 && marker != 0xFF && (marker < 0xD0 || marker > 0xD8);
}

static size_t u16(const uint8_t *b)
{
    return (size_t)b[0] << 8 | b[1];
}

/* One segment; `body` may be cut short by the end of what was read. */
static void take(fd_header *out, uint8_t marker, const uint8_t *body, size_t length, size_t there)
{
    if (is_frame(marker) && !out->width && there >= 5 && length >= 5) {
        out->height = (int32_t)u16(body + 1);
        out->width = (int32_t)u16(body + 3);
    }
    if (marker == MARK_APP1 && !out->exif && there >= length && length >= 6 && !memcmp(body, "Exif\0\0", 6)) {
        out->exif = body + 6;
        out->exif_n = length - 6;
    }
}

void fd_jpeg_header(const uint8_t *b, size_t n, fd_header *out)
{
    for (size_t i = 2; i + 4 <= n;) {
        uint8_t marker = b[i + 1];
        if (b[i] != 0xFF || !has_segment(marker)) {
            i++;   /* as libjpeg does: garbage before a marker is passed over */
            continue;
        }
        if (marker == MARK_SOS || marker == MARK_EOI)
            return;
        size_t length = u16(b + i + 2);
        if (length < 2)
            return;
        take(out, marker, b + i + 4, length - 2, n - i - 4);
        i += 2 + length;
    }
}
