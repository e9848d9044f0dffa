/* The register kernel of gemm.h, compiled once per instruction set; VL and GEMM (the name of the kernel) are defined by the file that includes this
 * one. Outputs lie in the lanes, samples are broadcast: every sum runs over k in the same order, wherever its sample lies in a batch. */
#include "engine/cpu/gemm.h"
#include "engine/cpu/simd.h"

enum { ROWS = VL == 16 ? 12 : VL == 8 ? 6 : 4, VECTORS = 2, WIDTH = VECTORS * VL };

_Static_assert((int)ROWS <= (int)FD_GEMM_ROWS && (int)WIDTH <= (int)FD_GEMM_WIDTH, "the caller's tile holds the result");

#define UNROLL _Pragma("GCC unroll 12")

/* Partial sums over n terms, added to `sum`: short chains of additions lose fewer digits than one long one. */
static void add_part(const float *const x[ROWS], int64_t at, int64_t n, const float *weight, float *sum)
{
    vec acc[ROWS][VECTORS];
    UNROLL for (int r = 0; r < ROWS; r++)
        acc[r][0] = acc[r][1] = vec_set(0);
    for (int64_t k = at; k < at + n; k++, weight += WIDTH) {
        vec w0 = vec_load(weight), w1 = vec_load(weight + VL);
        UNROLL for (int r = 0; r < ROWS; r++) {
            vec b = vec_set(x[r][k]);
            acc[r][0] = vec_fma(b, w0, acc[r][0]);
            acc[r][1] = vec_fma(b, w1, acc[r][1]);
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) {
            float *to = sum + r * WIDTH + v * VL;
            vec_store(to, vec_load(to) + acc[r][v]);
        }
}

static void tile(const float *const *x, int64_t depth, const float *weight, float *sum)
{
    enum { PART = 512 };
    memset(sum, 0, (size_t)ROWS * WIDTH * sizeof *sum);
    for (int64_t at = 0; at < depth; at += PART)
        add_part(x, at, depth - at < PART ? depth - at : PART, weight + at * WIDTH, sum);
}

const fd_gemm_kernel GEMM = {ROWS, WIDTH, tile};
