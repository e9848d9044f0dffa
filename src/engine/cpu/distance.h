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

/* What finishes a tile of products. */
typedef struct fd_distance_tile {
    fd_metric metric;
    int64_t rows, n, pitch;
    const float *a, *b;   /* factors of its rows and columns */
} fd_distance_tile;

typedef struct fd_distance_kernel {
    const fd_gemm_kernel *gemm;
    /* out[rows][pitch] of n columns from products dot[rows][width of the gemm] and factors; true when any of them is near. */
    bool (*finish)(const fd_distance_tile *t, const float *dot, float *out);
    /* The distance of two rows by differences, in double; NaN for the cosine of a zero row. */
    float (*near)(fd_metric metric, const float *x, const float *y, int64_t dim);
} fd_distance_kernel;

extern const fd_distance_kernel fd_distance_base, fd_distance_avx2, fd_distance_avx512;

#endif
