/* The loops of vector.h, compiled once per instruction set; VL, VECTORS (the table's name) and ISA are defined by the file that includes this
 * one. */
#include "engine/cpu/simd.h"
#include "run/bench/vector.h"

enum { ROWS = VL == 16 ? 12 : VL == 8 ? 6 : 4, WIDTH = 2 * VL }; /* sums in registers: 24 of 32, 12 of 16, 8 of 16 */

#define UNROLL _Pragma("GCC unroll 12")

static float chains(int64_t rounds)
{
    vec sum[FD_CHAINS];
    const vec x = vec_set(0.999F), y = vec_set(1e-3F);
    float out[VL];
    UNROLL for (int i = 0; i < FD_CHAINS; i++) sum[i] = vec_set((float)i);
    for (int64_t k = 0; k < rounds; k++) {
        UNROLL for (int i = 0; i < FD_CHAINS; i++) sum[i] = vec_fma(sum[i], x, y);
    }
    for (int i = 1; i < FD_CHAINS; i++)
        sum[0] = sum[0] + sum[i];
    vec_store(out, sum[0]);
    return out[0];
}

static void triad(float *a, const float *b, const float *c, float s, int64_t n)
{
    const vec factor = vec_set(s);
    for (int64_t i = 0; i < n; i += VL)
        vec_store(a + i, vec_fma(factor, vec_load(c + i), vec_load(b + i)));
}

static void tile(const float *a, int64_t row_a, int64_t step_a, const float *b, int64_t step_b, int64_t depth, float *to, int64_t pitch)
{
    vec sum[ROWS][2];
    UNROLL for (int r = 0; r < ROWS; r++)
    {
        sum[r][0] = vec_load(to + r * pitch);
        sum[r][1] = vec_load(to + r * pitch + VL);
    }
    for (int64_t k = 0; k < depth; k++, a += step_a, b += step_b) {
        const vec b0 = vec_load(b), b1 = vec_load(b + VL);
        UNROLL for (int r = 0; r < ROWS; r++)
        {
            const vec x = vec_set(a[r * row_a]);
            sum[r][0] = vec_fma(x, b0, sum[r][0]);
            sum[r][1] = vec_fma(x, b1, sum[r][1]);
        }
    }
    UNROLL for (int r = 0; r < ROWS; r++)
    {
        vec_store(to + r * pitch, sum[r][0]);
        vec_store(to + r * pitch + VL, sum[r][1]);
    }
}

const fd_vectors VECTORS = {ISA, VL, ROWS, WIDTH, chains, triad, tile};
