/* Distance tiles of the cpu engine: products by the register kernel of gemm.h, whose sums run over k in one order whatever the tile, so that a
 * pair's value depends on its two rows only. Close pairs are recomputed in double. */
#ifndef FD_ENGINE_CPU_DISTANCE_H
#define FD_ENGINE_CPU_DISTANCE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/cpu/gemm.h"
#include "engine/distance.h"

/* What stands for a row in the formula. Euclidean, inner product: its squared norm; cosine: 1 / norm. NaN where float32 would lose digits of it or of a sum
 * of two (below 1e-30, above 1e37): every pair of such a row is then recomputed in double. */
float fd_distance_factor(fd_metric metric, float squared_norm);

/* Whether the value that the formula gives, squared where euclidean, is too near to what was subtracted (or is NaN). */
static inline bool fd_distance_is_near(fd_metric metric, float dot, float a, float b)
{
    if (metric == FD_COSINE)
        return !(1 - dot * (a * b) > 0x1p-6f);
    if (metric == FD_INNER)
        return isnan(a + b);   /* only what float32 cannot hold on its way */
    return !((a + b) - 2 * dot > (a + b) * 0x1p-6f);
}

typedef struct fd_distance_kernel {
    const fd_gemm_kernel *gemm;
    /* out[n] from products and factors; true when any of them is near. n <= FD_GEMM_WIDTH; the arrays hold FD_GEMM_WIDTH. */
    bool (*finish)(fd_metric metric, const float *dot, float a, const float *b, int64_t n, float *out);
    /* The distance of two rows by differences, in double; NaN for the cosine of a zero row. */
    float (*near)(fd_metric metric, const float *x, const float *y, int64_t dim);
} fd_distance_kernel;

extern const fd_distance_kernel fd_distance_base, fd_distance_avx2, fd_distance_avx512;

#endif
