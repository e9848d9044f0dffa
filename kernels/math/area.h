/* Area resampling: which source rows (or columns) an output row is the mean of, in exact integer arithmetic, and the mean itself. */
#ifndef FD_KERNELS_MATH_AREA_H
#define FD_KERNELS_MATH_AREA_H

#include <stdint.h>

#include "kernels/math/inline.h"

/* Output row i of m made from n source rows: the first is floor(i * n / m). i <= m, m >= 1, i * n < 2^63. */
FD_INLINE int64_t fd_area_begin(int64_t i, int64_t n, int64_t m)
{
    return i * n / m;
}

/* One past the last: ceil((i + 1) * n / m). Never empty; neighbours share a row where n / m is no integer. */
FD_INLINE int64_t fd_area_end(int64_t i, int64_t n, int64_t m)
{
    return ((i + 1) * n + m - 1) / m;
}

/* Mean of rows x columns values from their exact sum: two divisions, in this order. */
FD_INLINE float fd_area_mean(uint64_t sum, int64_t rows, int64_t columns)
{
    return (float)sum / (float)rows / (float)columns;
}

/* What the cascade's networks take instead of 0..255. */
FD_INLINE float fd_normal_pixel(float v)
{
    return (v - 127.5f) * 0.0078125f;
}

#endif
