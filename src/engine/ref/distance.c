/* Distances by their definition, in double, rounded once: what design section 6 means. */
#include "engine/distance.h"

#include <math.h>

#include "engine/ref/ref.h"

static fd_error *ref_norms(fd_lane *lane, const float *rows, int64_t n, int64_t dim, float *norm)
{
    (void)lane;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < dim; k++)
            sum += (double)rows[i * dim + k] * (double)rows[i * dim + k];
        norm[i] = (float)sum;
    }
    return NULL;
}

/* sum of (x * p - y * q)^2: never negative, and exactly 0 for equal rows with equal factors. */
static double squared_difference(const float *x, double p, const float *y, double q, int64_t dim)
{
    double sum = 0;
    for (int64_t k = 0; k < dim; k++) {
        double d = (double)x[k] * p - (double)y[k] * q;
        sum += d * d;
    }
    return sum;
}

static double product(const float *x, const float *y, int64_t dim)
{
    double sum = 0;
    for (int64_t k = 0; k < dim; k++)
        sum += (double)x[k] * (double)y[k];
    return sum;
}

static double length(const float *x, int64_t dim)
{
    return sqrt(product(x, x, dim));
}

float fd_ref_pair(fd_metric metric, const float *x, const float *y, int64_t dim)
{
    if (metric == FD_INNER)
        return (float)product(x, y, dim);
    if (metric != FD_COSINE) {
        double d = squared_difference(x, 1, y, 1, dim);
        return (float)(metric == FD_EUCLIDEAN ? sqrt(d) : d);
    }
    double p = length(x, dim), q = length(y, dim);
    return p == 0 || q == 0 ? NAN : (float)(squared_difference(x, 1 / p, y, 1 / q, dim) / 2);
}

static fd_error *ref_tile(fd_lane *lane, fd_metric metric, const fd_rows *a, const fd_rows *b, int64_t dim, int same, float *out, int64_t pitch)
{
    (void)lane;
    (void)same;   /* symmetric, and distances zero on the diagonal, by itself: (p - q)^2 = (q - p)^2 bit for bit */
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t j = 0; j < b->n; j++) {
            int valid = a->valid[i] && b->valid[j];
            out[i * pitch + j] = valid ? fd_ref_pair(metric, a->row + i * dim, b->row + j * dim, dim) : NAN;
        }
    return NULL;
}

const fd_distance_table fd_ref_distance = {.norms = ref_norms,
                                           .tile = ref_tile,
                                           .block_bytes = fd_ref_block_bytes,
                                           .block_open = fd_ref_block_open,
                                           .block_close = fd_ref_block_close,
                                           .sweep_bytes = fd_ref_sweep_bytes,
                                           .sweep = fd_ref_sweep};
