/* What the headers of kernels share. They are pure C: raw pointers, sizes, a stream. A launcher only queues work on the stream and returns 0 or
 * a cudaError_t. Pointers are device memory; arrays of jobs too. Each kernel computes its values by kernels/math, as the other engines do. */
#ifndef FD_KERNELS_KERNEL_H
#define FD_KERNELS_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
#define FD_C_BEGIN extern "C" {
#define FD_C_END }
#else
#define FD_C_BEGIN
#define FD_C_END
#endif

typedef struct CUstream_st *fd_stream; /* a cudaStream_t */

#endif
