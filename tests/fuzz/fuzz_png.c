/* Hostile PNG files: as they are, and with the checksums of their chunks put right, behind which a fuzzer would hardly come. */
#include "decode_input.h"

enum { SIGNATURE = 8, FRAME = 12 };

static uint32_t crc32_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void put_right(uint8_t *bytes, size_t n)
{
    for (size_t i = SIGNATURE; i + FRAME <= n;) {
        size_t length = (size_t)bytes[i] << 24 | (size_t)bytes[i + 1] << 16 | (size_t)bytes[i + 2] << 8 | bytes[i + 3];
        if (length > n - i - FRAME)
            return;
        uint32_t crc = crc32_of(bytes + i + 4, length + 4);
        for (int k = 0; k < 4; k++)
            bytes[i + 8 + length + (size_t)k] = (uint8_t)(crc >> (24 - 8 * k));
        i += FRAME + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < SIGNATURE || memcmp(bytes, "\x89PNG\r\n\x1a\n", SIGNATURE) != 0)
        return 0;
    decode_input(bytes, n);
    uint8_t *copy = malloc(n);
    if (!copy)
        return 0;
    memcpy(copy, bytes, n);
    put_right(copy, n);
    decode_input(copy, n);
    free(copy);
    return 0;
}
