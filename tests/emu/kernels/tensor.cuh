/* Stands in for kernels/tensor.cuh: what each lane brings is told to its warp, and each makes its four sums. */
#ifndef TESTS_EMU_TENSOR_CUH
#define TESTS_EMU_TENSOR_CUH

#include "kernels/launch.cuh"
#include "kernels/math/half.h"

static inline uint32_t fd_halves(float low, float high)
{
    return (uint32_t)fd_half_of(low) | (uint32_t)fd_half_of(high) << 16;
}

static inline float fd_emu_of_half(uint32_t half)
{
    const int exponent = (int)(half >> 10 & 31);
    const float size = exponent == 0    ? std::ldexp((float)(half & 1023), -24)
                       : exponent == 31 ? (half & 1023 ? NAN : INFINITY)
                                        : std::ldexp((float)((half & 1023) | 1024), exponent - 25);
    return half & 0x8000 ? -size : size;
}

static inline void fd_tensor_add(float (&sum)[4], uint32_t upper, uint32_t lower, uint32_t b)
{
    const unsigned g = fd_emu_self->lane / 4, t = fd_emu_self->lane % 4;
    uint64_t row[4];   /* of a: what was told is there until the next but one telling */
    std::memcpy(row, &fd_emu_tell((uint64_t)upper | (uint64_t)lower << 32)->value[4 * g], sizeof row);
    const fd_emu_said *columns = fd_emu_tell((uint64_t)b);
    for (unsigned k = 0; k < 8; k++)
        for (unsigned i = 0; i < 4; i++) {
            const uint64_t x = row[k / 2] >> (i / 2 * 32 + k % 2 * 16), y = columns->value[4 * (2 * t + i % 2) + k / 2] >> k % 2 * 16;
            sum[i] += fd_emu_of_half((uint32_t)(x & 0xffff)) * fd_emu_of_half((uint32_t)(y & 0xffff));
        }
}

#endif
