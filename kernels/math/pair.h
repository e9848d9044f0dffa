/* The value of a pair of embeddings, defined to the bit. Top-k lists, radius pairs and histograms hold this value and no other, so that they
 * are the same bytes on every engine, instruction set, precision, tile shape, rank count and thread count.
 *
 * Sums run in double over FD_PAIR_LANES partial sums: element k is added to sum k % FD_PAIR_LANES, in order of k, and the partial sums are
 * folded in halves. No operation is fused (the product of two float32 is exact in double, so a dot product may be). Zeros behind the last
 * element change nothing. The result is rounded to float32 once: it is within one unit of the last place of the exact value, but for a relative
 * error of (dim / 16 + 8) 2^-52 of the sum of the terms' sizes. It is the same for (x, y) and (y, x), exactly 0 for equal rows (not inner
 * product), never negative there, and never NaN: no sum of float32 squares overflows a double; what overflows float32 is infinite. */
#ifndef FD_KERNELS_MATH_PAIR_H
#define FD_KERNELS_MATH_PAIR_H

#include <math.h>
#include <stdint.h>

#include "kernels/math/inline.h"

#define FD_PAIR_LANES 16

/* As fd_metric of engine/metric.h. */
typedef enum fd_pair_metric { FD_PAIR_EUCLIDEAN, FD_PAIR_SQEUCLIDEAN, FD_PAIR_COSINE, FD_PAIR_INNER } fd_pair_metric;

FD_INLINE double fd_pair_fold(double *sum) /* [FD_PAIR_LANES], lost */
{
    for (int half = FD_PAIR_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            sum[l] += sum[l + half];
    return sum[0];
}

/* Sum of (x p - y q)^2; p = q = 1: the squared distance. */
FD_INLINE double fd_pair_squares(const float *x, double p, const float *y, double q, int64_t dim)
{
    double sum[FD_PAIR_LANES] = {0.0};
    for (int64_t k = 0; k < dim; k++) {
        const double d = (double)x[k] * p - (double)y[k] * q;
        sum[k % FD_PAIR_LANES] += d * d;
    }
    return fd_pair_fold(sum);
}

FD_INLINE double fd_pair_dot(const float *x, const float *y, int64_t dim)
{
    double sum[FD_PAIR_LANES] = {0.0};
    for (int64_t k = 0; k < dim; k++)
        sum[k % FD_PAIR_LANES] += (double)x[k] * (double)y[k];
    return fd_pair_fold(sum);
}

/* 1 / |x|, the factor of a row for the cosine; infinite for a row of zeros, NaN for one that is not finite. */
FD_INLINE double fd_pair_factor(const float *x, int64_t dim)
{
    return 1.0 / sqrt(fd_pair_dot(x, x, dim));
}

/* Place of a value in the counts of a histogram: 0 below `low`, then `bins` of them, 1 / scale wide, then what is above. Never decreasing in v; v is
 * not NaN. */
FD_INLINE int64_t fd_pair_place(double v, double low, double scale, int64_t bins)
{
    const double at = (v - low) * scale;
    return at < 0.0 ? 0 : at < (double)bins ? 1 + (int64_t)at : bins + 1;
}

#endif
