/* Rows that are hard for distances, and an oracle in double with its error bound. */
#ifndef TESTS_UNIT_SWEEP_ROWS_H
#define TESTS_UNIT_SWEEP_ROWS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/metric.h"

typedef struct rows {
    float *row;
    uint8_t *valid;
    int64_t n, dim;
} rows;

static uint64_t state_of_random = 88172645463325252ull;

static float random_number(void) /* -1 .. 1 */
{
    state_of_random ^= state_of_random >> 12;
    state_of_random ^= state_of_random << 25;
    state_of_random ^= state_of_random >> 27;
    return (float)((double)(state_of_random >> 40) * 0x1p-23 - 1);
}

static rows new_rows(int64_t n, int64_t dim)
{
    rows x = {malloc((size_t)(n * dim) * 4 + 4), malloc((size_t)n + 1), n, dim};
    for (int64_t i = 0; i < n * dim; i++)
        x.row[i] = random_number();
    memset(x.valid, 1, (size_t)n);
    return x;
}

static void free_rows(rows *x)
{
    free(x->row);
    free(x->valid);
}

typedef enum kind { RANDOM, CLUSTERED, DUPLICATED, NEAR, NORMS, TINY, HUGE_NORMS, INTEGERS, INVALID, HALFWAY, KINDS } kind;

static void set_row(rows *x, int64_t i, const float *from, float noise)
{
    for (int64_t k = 0; k < x->dim; k++)
        x->row[i * x->dim + k] = from[k] + noise * random_number();
}

/* Rows that are hard in one way each. */
static rows hard_rows(kind which, int64_t n, int64_t dim)
{
    rows x = new_rows(n, dim);
    for (int64_t i = 0; i < n; i++) {
        float *row = x.row + i * dim, scale = 1;
        if (which == CLUSTERED && i >= 5)
            set_row(&x, i, x.row + i % 5 * dim, 0.01f);
        if (which == DUPLICATED && i >= 3)
            memcpy(row, x.row + i % 3 * dim, (size_t)dim * 4);
        if (which == NEAR && i > 0)
            set_row(&x, i, x.row, 1e-6f);
        if (which == NORMS)
            scale = ldexpf(1, (int)(i * 7 % 41) - 20);
        if (which == TINY)
            scale = i % 3 ? 1e-30f : 3e-41f;
        if (which == HUGE_NORMS)
            scale = i % 5 ? 2e37f : 1e19f;
        for (int64_t k = 0; which == HALFWAY && k < dim; k++) /* between two bfloat16: all rows alike, but rounded apart */
            row[k] = 1.001953125f + 1e-4f * row[k];
        for (int64_t k = 0; k < dim; k++)
            row[k] = which == INTEGERS ? floorf(row[k] * 4) : row[k] * scale;
        if (which == INVALID && i % 4 == 1)
            row[i % dim] = i % 8 == 1 ? NAN : INFINITY;
        if (which == INVALID && i % 4 == 2)
            memset(row, 0, (size_t)dim * 4);
        x.valid[i] = which != INVALID || i % 4 != 3;
    }
    return x;
}

static inline bool usable(const rows *x, int64_t i, fd_metric metric)
{
    bool zero = true, finite = true;
    for (int64_t k = 0; k < x->dim; k++) {
        finite = finite && isfinite(x->row[i * x->dim + k]);
        zero = zero && x->row[i * x->dim + k] == 0;
    }
    return x->valid[i] && finite && !(zero && metric == FD_COSINE);
}

static double oracle(fd_metric metric, const float *x, const float *y, int64_t dim)
{
    double xx = 0, yy = 0, d = 0;
    for (int64_t k = 0; k < dim; k++) {
        xx += (double)x[k] * (double)x[k];
        yy += (double)y[k] * (double)y[k];
    }
    for (int64_t k = 0; k < dim; k++) {
        double e = metric == FD_COSINE ? (double)x[k] / sqrt(xx) - (double)y[k] / sqrt(yy) : (double)x[k] - (double)y[k];
        d += metric == FD_INNER ? (double)x[k] * (double)y[k] : e * e;
    }
    return metric == FD_COSINE ? d / 2 : metric == FD_EUCLIDEAN ? sqrt(d) : d;
}

/* One rounding to float32, and sums in double of another order than the oracle's: dim + 8 roundings of terms no larger than |x| |y|, which
 * cancel in the inner product alone; directions of the cosine are off by 2^-51 or so. Below the normal floats the rounding is 2^-150. */
static inline double bound(fd_metric metric, const float *x, const float *y, double d, int64_t dim)
{
    double xx = oracle(FD_SQEUCLIDEAN, x, (const float[2048]){0}, dim), yy = oracle(FD_SQEUCLIDEAN, y, (const float[2048]){0}, dim);
    double sum = (double)(dim + 8) * 0x1p-52;
    double own = metric == FD_INNER ? sum * sqrt(xx * yy) : metric == FD_COSINE ? 0x1p-50 * sqrt(2 * d) + 1e-30 : 0;
    return fabs(d) * (0x1p-24 + sum) + 0x1p-149 + own;
}

#endif
