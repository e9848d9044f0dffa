/* float32 to 16 bits in integer arithmetic, to nearest, ties to even. */
#ifndef FD_KERNELS_MATH_HALF_H
#define FD_KERNELS_MATH_HALF_H

#include <stdint.h>
#include <string.h>

#include "kernels/math/inline.h"

/* v without its lowest `drop` bits (1..31), rounded. */
FD_INLINE uint32_t fd_round_bits(uint32_t v, int drop)
{
    const uint32_t rest = v & ((1u << drop) - 1u), middle = 1u << (drop - 1), kept = v >> drop;
    return kept + (rest > middle || (rest == middle && (kept & 1u)));
}

FD_INLINE uint16_t fd_half_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
    if (size > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (size >= 0x47800000u)   /* 65536 */
        return (uint16_t)(sign | 0x7c00u);
    if (size >= 0x38800000u)   /* 2^-14: a normal half; rounding may carry into the exponent, up to infinity */
        return (uint16_t)(sign | fd_round_bits(size - 0x38000000u, 13));
    const int exponent = (int)(size >> 23);   /* below: a multiple of 2^-24 */
    if (exponent < 102)
        return (uint16_t)sign;
    return (uint16_t)(sign | fd_round_bits((size & 0x7fffffu) | 0x800000u, 126 - exponent));
}

FD_INLINE uint16_t fd_bfloat_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)fd_round_bits(bits, 16);
}

#endif
