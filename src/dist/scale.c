#include "dist/scale.h"

#include <math.h>
#include <string.h>

/* Rows whose largest value is between 2^-40 and 2^40 need nothing: with up to a million dimensions their squared norm stays below 2^102, and
 * what underflows is less than 2^-46 of it. Others are brought to the upper end, where differences of small rows beside large ones keep most room. */
enum { SAFE = 40 };

enum { LANES = 16, INFINITE = 0x7f800000 };   /* LANES: sums and maxima side by side, for vectors */

int32_t fd_largest_bits(const float *x, int64_t n)
{
    typedef int32_t ints __attribute__((vector_size(16)));   /* of the least instruction set: wider ones are compared in pieces, through memory */
    enum { PART = sizeof(ints) / sizeof(int32_t), PARTS = LANES / PART };
    ints most[PARTS] = {{0}}, bits;
    for (int64_t k = 0; k + LANES <= n; k += LANES)
        for (int p = 0; p < PARTS; p++) {
            memcpy(&bits, x + k + p * PART, sizeof bits);
            bits &= INT32_MAX;
            const ints larger = bits > most[p];
            most[p] = (bits & larger) | (most[p] & ~larger);
        }
    int32_t largest = 0, bit;
    for (int64_t k = n / LANES * LANES; k < n; k++) {
        memcpy(&bit, x + k, sizeof bit);
        bit &= INT32_MAX;
        largest = bit > largest ? bit : largest;
    }
    for (int l = 0; l < LANES; l++)
        largest = most[l / PART][l % PART] > largest ? most[l / PART][l % PART] : largest;
    return largest;
}

/* The exponent of the largest finite value, or INT_MIN when all are zero. */
static int largest_exponent(const float *x, int64_t n)
{
    float largest = 0;
    const int32_t bits = fd_largest_bits(x, n);
    if (bits < INFINITE)
        memcpy(&largest, &bits, sizeof largest);
    for (int64_t k = 0; k < n && bits >= INFINITE; k++) {
        float a = fabsf(x[k]);
        if (a > largest && a <= 3.40282347e38F)
            largest = a;
    }
    return largest > 0 ? ilogbf(largest) : INT32_MIN;
}

static double squared_norm(const float *x, int64_t n)
{
    double sum[LANES] = {0};
    int64_t k = 0;
    for (; k + LANES <= n; k += LANES)
        for (int l = 0; l < LANES; l++)
            sum[l] += (double)x[k + l] * (double)x[k + l];
    for (; k < n; k++)
        sum[0] += (double)x[k] * (double)x[k];
    for (int l = 1; l < LANES; l++)
        sum[0] += sum[l];
    return sum[0];
}

static bool in_range(int exponent)
{
    return exponent == INT32_MIN || (exponent >= -SAFE && exponent < SAFE);
}

void fd_survey_rows(fd_survey *s, const float *rows, const uint8_t *valid, int64_t n, int64_t dim)
{
    for (int64_t i = 0; i < n; i++) {
        if (valid && !valid[i])
            continue;
        const float *row = rows + i * dim;
        const double norm = squared_norm(row, dim);
        const int exponent = largest_exponent(row, dim);
        s->largest = exponent > s->largest ? exponent : s->largest;
        s->out_of_range |= !in_range(exponent);
        s->norm = norm > s->norm ? norm : s->norm;
    }
}

fd_scale fd_scale_of(const fd_survey *s, fd_metric metric)
{
    fd_scale scale = {.by_row = metric == FD_COSINE};
    scale.any = scale.by_row ? s->out_of_range : !in_range((int)s->largest);
    scale.up = scale.any && !scale.by_row ? SAFE - 1 - (int)s->largest : 0;
    return scale;
}

/* By way of double: 2^up may be beyond float32 itself. */
static void multiply(float *x, int64_t n, int up)
{
    const double factor = ldexp(1, up);
    for (int64_t k = 0; k < n; k++)
        x[k] = (float)((double)x[k] * factor);
}

void fd_scale_rows(const fd_scale *s, float *rows, int64_t n, int64_t dim)
{
    if (s->any && !s->by_row)
        multiply(rows, n * dim, s->up);
    for (int64_t i = 0; s->any && s->by_row && i < n; i++) {
        int exponent = largest_exponent(rows + i * dim, dim);
        if (!in_range(exponent))
            multiply(rows + i * dim, dim, -exponent);
    }
}

void fd_scale_back(const fd_scale *s, fd_metric metric, float *values, int64_t n)
{
    if (s->any && !s->by_row)
        multiply(values, n, metric == FD_SQEUCLIDEAN || metric == FD_INNER ? -2 * s->up : -s->up);
}
