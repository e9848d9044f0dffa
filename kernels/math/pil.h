/* Weights of Pillow's BILINEAR resize in 8 bits: a triangle of 22-bit fixed point whose support widens when shrinking (antialias). */
#ifndef FD_KERNELS_MATH_PIL_H
#define FD_KERNELS_MATH_PIL_H

#include <stdint.h>

#include "kernels/math/inline.h"

enum { FD_PIL_BITS = 22 }; /* weights are multiples of 2^-22 */

/* Most weights that one of m outputs can have when made from n inputs. */
FD_INLINE int32_t fd_pil_taps(int32_t n, int32_t m)
{
    const double scale = (double)n / (double)m, support = scale < 1.0 ? 1.0 : scale;
    const int32_t whole = (int32_t)support;
    return 2 * (whole + (support > (double)whole)) + 1;
}

typedef struct fd_pil_span {
    int32_t first, count; /* inputs first .. first + count - 1 */
    double center, step;  /* of the triangle, in inputs; 1 / its half width */
} fd_pil_span;

/* Which inputs output i of m takes from n, and the triangle over them. */
FD_INLINE fd_pil_span fd_pil_range(int32_t i, int32_t n, int32_t m)
{
    const double scale = (double)n / (double)m, support = scale < 1.0 ? 1.0 : scale;
    fd_pil_span s;
    s.center = ((double)i + 0.5) * scale;
    s.step = 1.0 / support;
    const int32_t low = (int32_t)(s.center - support + 0.5), high = (int32_t)(s.center + support + 0.5);
    s.first = low < 0 ? 0 : low;
    s.count = (high > n ? n : high) - s.first;
    return s;
}

/* The triangle at input first + k, before the weights are divided by their sum. */
FD_INLINE double fd_pil_triangle(fd_pil_span s, int32_t k)
{
    const double x = ((double)(k + s.first) - s.center + 0.5) * s.step, distance = x < 0.0 ? -x : x;
    return distance < 1.0 ? 1.0 - distance : 0.0;
}

/* Weights of output i of m from n inputs: weight[fd_pil_taps(n, m)], of which *first says the first input and the return value how many. */
FD_INLINE int32_t fd_pil_weights(int32_t i, int32_t n, int32_t m, int32_t *first, int32_t *weight)
{
    const fd_pil_span s = fd_pil_range(i, n, m);
    double sum = 0.0;
    for (int32_t k = 0; k < s.count; k++)
        sum += fd_pil_triangle(s, k);
    for (int32_t k = 0; k < s.count; k++) {
        const double w = fd_pil_triangle(s, k);
        weight[k] = (int32_t)(0.5 + (sum != 0.0 ? w / sum : w) * (double)(1 << FD_PIL_BITS));
    }
    *first = s.first;
    return s.count;
}

/* From a sum of weight * pixel (started with 0) to a pixel; no such sum exceeds 2^31 for n < 65536. */
FD_INLINE uint8_t fd_pil_pixel(int32_t sum)
{
    const int32_t v = (sum + (1 << (FD_PIL_BITS - 1))) >> FD_PIL_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

#endif
