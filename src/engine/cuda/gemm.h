/* Matrix products by cuBLASLt: float32 sums, no split of the depth, no reduction scheme, the library's first choice that gives a row the same
 * bytes wherever it stands. */
#ifndef FD_ENGINE_CUDA_GEMM_H
#define FD_ENGINE_CUDA_GEMM_H

#include "engine/cuda/cuda.h"

typedef struct fd_cuda_gemm fd_cuda_gemm;

/* y[rows][columns] = a[rows][depth] . b, all row-major; b is [depth][columns], or with `transposed` [columns][depth]. */
typedef struct fd_cuda_product { int64_t rows, columns, depth; bool transposed; } fd_cuda_product;

fd_error *fd_cuda_gemm_open(fd_cuda_engine *e, const fd_cuda_product *p, fd_cuda_gemm **out) FD_CHECK;
void fd_cuda_gemm_close(fd_cuda_gemm *g);   /* NULL is allowed */
size_t fd_cuda_gemm_scratch(const fd_cuda_gemm *g);   /* bytes */
fd_error *fd_cuda_gemm_run(const fd_cuda_gemm *g, fd_cuda_lane *lane, const float *a, const float *b, float *y, void *scratch) FD_CHECK;

#endif
