/* The promise that a sample's result does not depend on where in the batch it stands, put to the test. */
#ifndef FD_ENGINE_CUDA_EVERYWHERE_H
#define FD_ENGINE_CUDA_EVERYWHERE_H

#include "engine/cuda/cuda.h"

/* Queues the computation that is tried, x[samples][in] -> y[samples][out], on the lane. */
typedef fd_error *fd_cuda_trial(void *self, fd_cuda_lane *lane, const float *x, float *y);

typedef struct fd_cuda_batch { int64_t samples, in, out; } fd_cuda_batch;   /* numbers per sample */

/* *same: one sample gave the same bytes at places 0, 1 and samples - 1, each time among other neighbours. */
fd_error *fd_cuda_same_everywhere(fd_cuda_lane *lane, const fd_cuda_batch *b, fd_cuda_trial *trial, void *self, bool *same) FD_CHECK;

#endif
