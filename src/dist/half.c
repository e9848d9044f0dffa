#include "dist/half.h"

#include <string.h>

static const uint32_t INFINITE = 0x7f800000, TOO_LARGE = 0x477ff000 /* 65520: would round to infinity */, NORMAL = 0x38800000 /* 2^-14 */;
enum { LARGEST = 0x7bff, NOT_A_NUMBER = 0x7e00, REBIAS = 112 << 23, CUT = 13 /* bits that a float16 has less */ };

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

int64_t fd_half_of(const float *values, int64_t n, uint16_t *out)
{
    int64_t saturated = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(values[i]), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
        const uint32_t normal = (size - REBIAS + 0xfff + (size >> CUT & 1)) >> CUT;
        /* below 2^-14 the last place is worth 2^-24, which is that of numbers from 0.5 to 1: the addition rounds */
        const uint32_t small = bits_of(float_of(size) + 0.5F) - bits_of(0.5F);
        const uint32_t finite = size >= TOO_LARGE ? LARGEST : size >= NORMAL ? normal : small;
        out[i] = (uint16_t)(size > INFINITE ? NOT_A_NUMBER : sign | finite);
        saturated += size >= TOO_LARGE && size <= INFINITE;
    }
    return saturated;
}
