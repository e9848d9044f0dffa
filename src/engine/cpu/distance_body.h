/* What follows the products of a distance tile, compiled once per instruction set; VL, KERNEL and GEMM are defined by the file that includes this one.
 * The compiler makes vectors of these loops by itself. Sums in double have 8 lanes on every instruction set, so they agree between them. */
#include <math.h>
#include <string.h>

#include "engine/cpu/distance.h"
#include "engine/cpu/simd.h"

enum { WIDTH = 2 * VL };   /* of the gemm */

/* One row. What the metric is, and whether the row is whole (n = the width), are constants where this is inlined. */
INLINE int finish_row(fd_metric metric, const float *dot, float a, const float *b, int64_t n, float *out)
{
    int near = 0;
    for (int64_t j = 0; j < n; j++) {
        const float sum = a + b[j], d = sum - 2 * dot[j], turned = 1 - dot[j] * (a * b[j]);
        if (metric == FD_COSINE) {
            near |= !(turned > 0x1p-6f);
            out[j] = turned > 2 ? 2 : turned;
        } else if (metric == FD_INNER) {
            near |= isnan(sum) != 0;
            out[j] = dot[j];
        } else {
            near |= !(d > sum * 0x1p-6f);
            out[j] = metric == FD_EUCLIDEAN ? sqrtf(d) : d;
        }
    }
    return near;
}

INLINE bool finish_rows(fd_metric metric, int64_t n, const fd_distance_tile *t, const float *dot, float *out)
{
    int near = 0;
    for (int64_t r = 0; r < t->rows; r++)
        near |= finish_row(metric, dot + r * WIDTH, t->a[r], t->b, n, out + r * t->pitch);
    return near;
}

static bool finish(const fd_distance_tile *t, const float *dot, float *out)
{
    const bool whole = t->n == WIDTH;
    switch (t->metric) {
    case FD_COSINE:
        return finish_rows(FD_COSINE, t->n, t, dot, out);
    case FD_INNER:
        return finish_rows(FD_INNER, t->n, t, dot, out);
    case FD_EUCLIDEAN:
        return whole ? finish_rows(FD_EUCLIDEAN, WIDTH, t, dot, out) : finish_rows(FD_EUCLIDEAN, t->n, t, dot, out);
    default:
        return whole ? finish_rows(FD_SQEUCLIDEAN, WIDTH, t, dot, out) : finish_rows(FD_SQEUCLIDEAN, t->n, t, dot, out);
    }
}

enum { LANES = 8 };
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef double doubles __attribute__((vector_size(LANES * sizeof(double))));

/* *out = elements k .. k + 7 of a row, zeros behind its end. (By pointer: such vectors are passed differently between instruction sets.) */
static inline __attribute__((always_inline)) void load(doubles *out, const float *row, int64_t k, int64_t dim)
{
    floats x = {0};
    if (dim - k >= LANES)
        memcpy(&x, row + k, sizeof x);
    else
        memcpy(&x, row + k, (size_t)(dim - k) * sizeof *row);
    *out = __builtin_convertvector(x, doubles);
}

static inline __attribute__((always_inline)) double total(const doubles *sum)
{
    doubles s = *sum;
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static double product(const float *x, const float *y, int64_t dim)
{
    doubles sum = {0}, v, w;
    for (int64_t k = 0; k < dim; k += LANES) {
        load(&v, x, k, dim);
        load(&w, y, k, dim);
        sum += v * w;
    }
    return total(&sum);
}

static float near(fd_metric metric, const float *x, const float *y, int64_t dim)
{
    if (metric == FD_INNER)
        return (float)product(x, y, dim);
    double p = 1, q = 1;
    doubles sum = {0}, a, b;
    if (metric == FD_COSINE) {
        p = 1 / sqrt(product(x, x, dim));   /* infinite for a zero row: 0 * inf makes the sum NaN */
        q = 1 / sqrt(product(y, y, dim));
    }
    for (int64_t k = 0; k < dim; k += LANES) {
        load(&a, x, k, dim);
        load(&b, y, k, dim);
        doubles d = a * p - b * q;
        sum += d * d;
    }
    double d = total(&sum);
    return (float)(metric == FD_COSINE ? d / 2 : metric == FD_EUCLIDEAN ? sqrt(d) : d);
}

const fd_distance_kernel KERNEL = {&GEMM, finish, near};
