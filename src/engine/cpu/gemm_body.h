/* The register kernel of gemm.h, compiled once per instruction set; VL and GEMM (the name of the kernel) are defined by the file that includes this
 * one. Outputs lie in the lanes, samples are broadcast: every sum runs over k in the same order, wherever its sample lies in a batch. */
#include "engine/cpu/gemm.h"
#include "engine/cpu/simd.h"

enum { ROWS = VL == 16 ? 12 : VL == 8 ? 6 : 4, VECTORS = 2, WIDTH = VECTORS * VL };

_Static_assert((int)ROWS <= (int)FD_GEMM_ROWS && (int)WIDTH <= (int)FD_GEMM_WIDTH, "the caller's tile holds the result");

#define UNROLL _Pragma("GCC unroll 12")

/* Partial sums over n terms, added to sum[ROWS][pitch] but for the first: short chains of additions lose fewer digits than one long one. Sample r's
 * value k is at x[r][k * step]; the step is a constant where this is inlined. */
INLINE void add_part(const float *const x[ROWS], int64_t step, int64_t n, const float *weight, int first, float *sum, int64_t pitch)
{
    vec acc[ROWS][VECTORS];
    UNROLL for (int r = 0; r < ROWS; r++)
        acc[r][0] = acc[r][1] = vec_set(0);
    for (int64_t k = 0; k < n; k++, weight += WIDTH) {
        vec w0 = vec_load(weight), w1 = vec_load(weight + VL);
        UNROLL for (int r = 0; r < ROWS; r++) {
            vec b = vec_set(x[r][k * step]);
            acc[r][0] = vec_fma(b, w0, acc[r][0]);
            acc[r][1] = vec_fma(b, w1, acc[r][1]);
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) {
            float *to = sum + r * pitch + v * VL;
            vec_store(to, (first ? vec_set(0) : vec_load(to)) + acc[r][v]);
        }
}

INLINE void add_parts(const float *const *x, int64_t step, int64_t depth, const float *weight, float *sum)
{
    for (int64_t at = 0; at < depth; at += FD_GEMM_PART) {
        const float *part[ROWS];
        UNROLL for (int r = 0; r < ROWS; r++)
            part[r] = x[r] + at * step;
        add_part(part, step, depth - at < FD_GEMM_PART ? depth - at : FD_GEMM_PART, weight + at * WIDTH, at == 0, sum, WIDTH);
    }
}

/* The same with samples pitch apart: few enough addresses to stay in registers, each the first of GROUP rows. The weights come from the second-level
 * cache, where they wait to be used with other samples: they are fetched AHEAD terms before. */
INLINE void add_rows(const float *x, int64_t pitch, int64_t n, const float *weight, int first, float *sum)
{
    enum { GROUP = 4, GROUPS = (ROWS + GROUP - 1) / GROUP, AHEAD = 8, LINE = 16 };
    vec acc[ROWS][VECTORS];
    const float *from[GROUPS];
    UNROLL for (int g = 0; g < GROUPS; g++)
        from[g] = x + g * GROUP * pitch;
    UNROLL for (int r = 0; r < ROWS; r++)
        acc[r][0] = acc[r][1] = vec_set(0);
    for (int64_t k = 0; k < n; k++, weight += WIDTH) {
        vec w0 = vec_load(weight), w1 = vec_load(weight + VL);
        UNROLL for (int at = 0; at < WIDTH; at += LINE)
            __builtin_prefetch(weight + AHEAD * WIDTH + at);
        UNROLL for (int r = 0; r < ROWS; r++) {
            vec b = vec_set(from[r / GROUP][r % GROUP * pitch]);
            acc[r][0] = vec_fma(b, w0, acc[r][0]);
            acc[r][1] = vec_fma(b, w1, acc[r][1]);
        }
        UNROLL for (int g = 0; g < GROUPS; g++)
            from[g]++;
    }
    UNROLL for (int r = 0; r < ROWS; r++)
        UNROLL for (int v = 0; v < VECTORS; v++)
        {
            float *to = sum + r * WIDTH + v * VL;
            vec_store(to, (first ? vec_set(0) : vec_load(to)) + acc[r][v]);
        }
}

static void rows_of(const float *x, int64_t pitch, int64_t depth, const float *weight, float *sum)
{
    for (int64_t at = 0; at < depth; at += FD_GEMM_PART)
        add_rows(x + at, pitch, depth - at < FD_GEMM_PART ? depth - at : FD_GEMM_PART, weight + at * WIDTH, at == 0, sum);
}

static void tile(const float *const *x, int64_t depth, const float *weight, float *sum)
{
    add_parts(x, 1, depth, weight, sum);
}

static void packed(const float *x, int64_t depth, const float *weight, float *sum)
{
    const float *sample[ROWS];
    UNROLL for (int r = 0; r < ROWS; r++)
        sample[r] = x + r;
    add_parts(sample, ROWS, depth, weight, sum);
}

static void onto(const float *x, int64_t depth, const float *weight, int first, float *to, int64_t pitch)
{
    const float *sample[ROWS];
    UNROLL for (int r = 0; r < ROWS; r++)
        sample[r] = x + r;
    add_part(sample, ROWS, depth, weight, first, to, pitch);
}

const fd_gemm_kernel GEMM = {ROWS, WIDTH, tile, packed, rows_of, onto};
