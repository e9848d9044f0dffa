/* Scores: an exponential of our own, because libm's and CUDA's differ in the last bit and a threshold would see it. Branch-free, only +, *,
 * compare and bit operations, so that a vectorised copy of the same lines gives the same bits. */
#ifndef FD_KERNELS_MATH_SOFTMAX_H
#define FD_KERNELS_MATH_SOFTMAX_H

#include <stdint.h>
#include <string.h>

#include "kernels/math/inline.h"

/* 2^k for -126 <= k <= 127. */
FD_INLINE float fd_exp2i(int32_t k)
{
    const uint32_t bits = (uint32_t)(k + 127) << 23;
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* e^x within 2 units in the last place; 0 below -104, infinity above 88.73, 1 exactly at 0, NaN for NaN. Reduction by n = round(x / ln 2) with
 * ln 2 in two parts (n times the first is exact), a minimax polynomial of e^r on |r| <= ln 2 / 2, and 2^n in two factors so that results
 * below 2^-126 round once. */
FD_INLINE float fd_expf(float x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it rounds to the nearest integer */
    float c = x < -104.0f ? -104.0f : x;
    c = c > 89.0f ? 89.0f : c;
    const float n = (c * 1.44269504f + round) - round;
    const float r = (c - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    const int32_t k = x == x ? (int32_t)n : 0, half = k / 2;
    return p * fd_exp2i(half) * fd_exp2i(k - half);
}

/* Probability of class 1 of two from their logits; that of class 0 is fd_softmax2(b, a). Equal to exp(b - m) / (exp(a - m) + exp(b - m)) with m
 * the larger one, whose own exponential is exactly 1. */
FD_INLINE float fd_softmax2(float a, float b)
{
    const float d = b - a, e = fd_expf(d > 0.0f ? -d : d);
    return (d > 0.0f ? 1.0f : e) / (1.0f + e);
}

#endif
