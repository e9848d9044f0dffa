/* A region of device memory, taken once and shared out. Not thread-safe. */
#ifndef FD_ENGINE_CUDA_POOL_H
#define FD_ENGINE_CUDA_POOL_H

#include "base/extents.h"

enum { FD_CUDA_POOL_ALIGN = 256 };   /* what cudaMalloc gives, too */

typedef struct fd_cuda_pool {
    unsigned char *region;
    size_t bytes;
    fd_extents extents;
} fd_cuda_pool;

/* Takes `bytes` of the current device's memory; an int that is 0 or a cudaError_t. */
int fd_cuda_pool_open(fd_cuda_pool *pool, size_t bytes);
void fd_cuda_pool_close(fd_cuda_pool *pool);   /* a zeroed one is allowed */
/* FD_NOMEM names what is asked for and what there is. 0 bytes give a valid pointer. */
fd_error *fd_cuda_pool_take(fd_cuda_pool *pool, size_t bytes, void **out) FD_CHECK;
void fd_cuda_pool_give(fd_cuda_pool *pool, void *p);   /* one that was taken */

#endif
