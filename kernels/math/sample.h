/* Bilinear sampling in double precision, pixel centres at integers. */
#ifndef FD_KERNELS_MATH_SAMPLE_H
#define FD_KERNELS_MATH_SAMPLE_H

#include <stdint.h>

#include "kernels/math/inline.h"

typedef struct fd_sample {
    int32_t x, y;  /* upper left of the four neighbours */
    double fx, fy; /* how far the point lies toward the other ones, 0 <= f < 1 */
} fd_sample;

/* Toward minus infinity, for |v| < 2^31. */
FD_INLINE int32_t fd_floor(double v)
{
    const int32_t t = (int32_t)v;
    return (double)t > v ? t - 1 : t;
}

/* Where output pixel (x, y) lies in a source of width x height under map (source x = map[0] x + map[1] y + map[2], ...). Where all four
 * neighbours are outside, or the map is not finite, it is a sample whose value is 0. */
FD_INLINE fd_sample fd_sample_at(const double map[6], int32_t x, int32_t y, int32_t width, int32_t height)
{
    const double sx = map[0] * (double)x + map[1] * (double)y + map[2], sy = map[3] * (double)x + map[4] * (double)y + map[5];
    fd_sample s = {-2, -2, 0.0, 0.0};
    if (sx > -1.0 && sx < (double)width && sy > -1.0 && sy < (double)height) {
        s.x = fd_floor(sx);
        s.y = fd_floor(sy);
        s.fx = sx - (double)s.x;
        s.fy = sy - (double)s.y;
    }
    return s;
}

/* Source coordinate of output i of m over n inputs when pixel centres are at half-integers; the edge pixel is repeated outside. */
FD_INLINE double fd_sample_stretch(int32_t i, int32_t n, int32_t m)
{
    const double v = ((double)i + 0.5) * (double)n / (double)m - 0.5;
    return v < 0.0 ? 0.0 : v > (double)(n - 1) ? (double)(n - 1) : v;
}

/* Columns first, then rows; p[row][column]. */
FD_INLINE double fd_bilinear(const double p[2][2], double fx, double fy)
{
    const double above = p[0][0] * (1.0 - fx) + p[0][1] * fx, below = p[1][0] * (1.0 - fx) + p[1][1] * fx;
    return above * (1.0 - fy) + below * fy;
}

/* A value of 0..255 to the nearest byte, halves to even. */
FD_INLINE uint8_t fd_nearest_byte(float v)
{
    const float round = 12582912.0f; /* 1.5 * 2^23 */
    return (uint8_t)((v + round) - round);
}

#endif
