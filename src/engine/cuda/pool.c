#include "engine/cuda/pool.h"

#include <cuda_runtime_api.h>

int fd_cuda_pool_open(fd_cuda_pool *pool, size_t bytes)
{
    void *region = NULL;
    int error = (int)cudaMalloc(&region, bytes);
    if (error)
        return error;
    *pool = (fd_cuda_pool){.region = region};
    fd_error *e = fd_extents_open(&pool->extents, region, bytes, FD_CUDA_POOL_ALIGN);
    if (e) {
        fd_error_free(e);
        fd_cuda_pool_close(pool);
        return cudaErrorMemoryAllocation;
    }
    pool->bytes = pool->extents.bytes;
    return 0;
}

void fd_cuda_pool_close(fd_cuda_pool *pool)
{
    fd_extents_close(&pool->extents);
    if (pool->region)
        (void)cudaFree(pool->region);
    *pool = (fd_cuda_pool){.region = NULL};
}

fd_error *fd_cuda_pool_take(fd_cuda_pool *pool, size_t bytes, void **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_extents_take(&pool->extents, bytes, out));
    if (!*out)
        FD_THROW(FD_NOMEM, "out of GPU memory: %zu bytes are wanted, %zu of %zu are in use (--gpu-memory)", bytes, pool->extents.used, pool->bytes);
done:
    return err;
}

void fd_cuda_pool_give(fd_cuda_pool *pool, void *p)
{
    fd_extents_give(&pool->extents, p);
}
