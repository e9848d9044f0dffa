/* The product of samples with weights that stay: own code, because oneDNN's sums depend on a sample's place in the batch. */
#ifndef FD_ENGINE_CPU_GEMM_H
#define FD_ENGINE_CPU_GEMM_H

#include <stdint.h>

enum { FD_GEMM_ROWS = 12, FD_GEMM_WIDTH = 32 };   /* of the largest tile */
enum { FD_GEMM_PART = 512 };                      /* terms of a partial sum: every sum is made of such parts, one after the other */

typedef struct fd_gemm_kernel {
    int rows, width;          /* samples and outputs of a tile */
    /* sum[rows][width] = x[rows][depth] . weight[depth][width] */
    void (*tile)(const float *const *x, int64_t depth, const float *weight, float *sum);
    /* The same numbers from samples side by side, x[depth][rows]: faster where samples are used many times. */
    void (*packed)(const float *x, int64_t depth, const float *weight, float *sum);
    /* The same numbers from samples in rows, pitch floats apart: neither packed nor gathered. */
    void (*rows_of)(const float *x, int64_t pitch, int64_t depth, const float *weight, float *sum);
    /* One part (depth at most FD_GEMM_PART) of such a product, the first one or added to what to[rows][pitch] holds. */
    void (*onto)(const float *x, int64_t depth, const float *weight, int first, float *to, int64_t pitch);
} fd_gemm_kernel;

/* Rows [n][pitch] side by side, in panels [dim][width], of zeros behind the last row. */
void fd_gemm_pack(const float *rows, int64_t n, int64_t pitch, int64_t dim, int64_t width, float *panels);

extern const fd_gemm_kernel fd_gemm_base, fd_gemm_avx2, fd_gemm_avx512;

#endif
