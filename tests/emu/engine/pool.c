/* Stands in for src/engine/cuda/pool.c: each piece is an allocation of its own, with the emulator's fences around it. */
#include "engine/cuda/pool.h"

#include <cuda_runtime_api.h>
#include <stdlib.h>

#include "base/memory.h"

int fd_cuda_pool_open(fd_cuda_pool *pool, size_t bytes)
{
    *pool = (fd_cuda_pool){.bytes = bytes};
    return 0;
}

void fd_cuda_pool_close(fd_cuda_pool *pool)
{
    while (pool->extents.first)
        fd_cuda_pool_give(pool, pool->extents.first->at);
}

fd_error *fd_cuda_pool_take(fd_cuda_pool *pool, size_t bytes, void **out)
{
    fd_error *err = NULL;
    fd_extent *x = NULL;
    void *at = NULL;
    FD_TRY(fd_alloc(&x, 1, sizeof *x));
    x->bytes = bytes;
    if (bytes > pool->bytes - pool->extents.used || cudaMalloc(&at, bytes ? bytes : 1)) {
        (void)cudaGetLastError();
        FD_THROW(FD_NOMEM, "out of GPU memory: %zu bytes are wanted, %zu of %zu are in use (--gpu-memory)", bytes, pool->extents.used, pool->bytes);
    }
    x->at = at;
    x->behind = pool->extents.first;
    pool->extents.first = x;
    pool->extents.used += bytes;
    *out = at;
    x = NULL;
done:
    free(x);
    return err;
}

void fd_cuda_pool_give(fd_cuda_pool *pool, void *p)
{
    fd_extent **at = &pool->extents.first;
    while ((*at)->at != p)
        at = &(*at)->behind;
    fd_extent *gone = *at;
    *at = gone->behind;
    pool->extents.used -= gone->bytes;
    (void)cudaFree(p);
    free(gone);
}
