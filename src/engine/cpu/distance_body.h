/* What follows the products of a distance tile, compiled once per instruction set; KERNEL and GEMM are defined by the file that includes this one.
 * The compiler makes vectors of these loops by itself. Sums in double have 8 lanes on every instruction set, so they agree between them. */
#include <math.h>
#include <string.h>

#include "engine/cpu/distance.h"

static bool finish_euclidean(const float *dot, float a, const float *b, int64_t n, float *out)
{
    int near = 0;
    for (int64_t j = 0; j < n; j++) {
        float sum = a + b[j], d = sum - 2 * dot[j];
        near |= !(d > sum * 0x1p-6f);
        out[j] = d;
    }
    return near;
}

static bool finish_cosine(const float *dot, float a, const float *b, int64_t n, float *out)
{
    int near = 0;
    for (int64_t j = 0; j < n; j++) {
        float d = 1 - dot[j] * (a * b[j]);
        near |= !(d > 0x1p-6f);
        out[j] = d > 2 ? 2 : d;
    }
    return near;
}

static bool finish_inner(const float *dot, float a, const float *b, int64_t n, float *out)
{
    int near = 0;
    for (int64_t j = 0; j < n; j++) {
        near |= isnan(a + b[j]) != 0;
        out[j] = dot[j];
    }
    return near;
}

static bool finish(fd_metric metric, const float *dot, float a, const float *b, int64_t n, float *out)
{
    if (metric == FD_COSINE)
        return finish_cosine(dot, a, b, n, out);
    if (metric == FD_INNER)
        return finish_inner(dot, a, b, n, out);
    bool near = finish_euclidean(dot, a, b, n, out);
    if (metric == FD_EUCLIDEAN)
        for (int64_t j = 0; j < n; j++)
            out[j] = sqrtf(out[j]);
    return near;
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
