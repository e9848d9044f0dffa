/* Convolutions by cuDNN: the sums alone; bias, residual and activation follow in one pass of our own (kernels/epilogue.h).
 *
 * A plan is the first of the library's own heuristic list that keeps our promises (design section 10): deterministic, sums not in reduced
 * precision, no FFT and no Winograd, in float32 neither tensor cores nor narrowed inputs, and a sample's result is the same bytes wherever
 * in the batch it stands. Never the fastest of several that were timed: that choice would differ from run to run. */
#ifndef FD_ENGINE_CUDA_CONV_H
#define FD_ENGINE_CUDA_CONV_H

#include "engine/cuda/cuda.h"

typedef struct fd_cuda_conv fd_cuda_conv;

/* d: FD_OP_CONV; its constants are not looked at. weight [o][c / groups][kh][kw]: device, stays the caller's and must outlive the convolution. */
fd_error *fd_cuda_conv_open(fd_cuda_engine *e, const fd_op_desc *d, const float *weight, fd_cuda_conv **out) FD_CHECK;
void fd_cuda_conv_close(fd_cuda_conv *c);   /* NULL is allowed */
size_t fd_cuda_conv_scratch(const fd_cuda_conv *c);   /* bytes */
fd_error *fd_cuda_conv_run(const fd_cuda_conv *c, fd_cuda_lane *lane, const float *x, float *y, void *scratch) FD_CHECK;

#endif
