/* Matrix products in double precision by cuBLASLt: for the benchmark alone. */
#ifndef FD_ENGINE_CUDA_WIDE_H
#define FD_ENGINE_CUDA_WIDE_H

#include "engine/cuda/cuda.h"

fd_error *fd_cuda_wide_open(fd_engine *e, int64_t n, fd_wide **out) FD_CHECK;
fd_error *fd_cuda_wide_run(const fd_wide *w, fd_lane *lane, const double *a, const double *b, double *c) FD_CHECK;
void fd_cuda_wide_close(fd_wide *w);

#endif
