#include "engine/cuda/pool.h"

#include <assert.h>
#include <cuda_runtime_api.h>
#include <stdlib.h>

#include "base/memory.h"

struct fd_cuda_extent {
    unsigned char *at;
    size_t bytes;
    bool used;
    fd_cuda_extent *before, *behind;
};

int fd_cuda_pool_open(fd_cuda_pool *pool, size_t bytes)
{
    fd_cuda_extent *all = malloc(sizeof *all);
    void *region = NULL;
    const int error = all ? (int)cudaMalloc(&region, bytes) : (int)cudaErrorMemoryAllocation;
    if (error) {
        free(all);
        return error;
    }
    bytes = bytes / FD_CUDA_POOL_ALIGN * FD_CUDA_POOL_ALIGN;
    *all = (fd_cuda_extent){.at = region, .bytes = bytes};
    *pool = (fd_cuda_pool){.region = region, .bytes = bytes, .first = all};
    return 0;
}

void fd_cuda_pool_close(fd_cuda_pool *pool)
{
    for (fd_cuda_extent *x = pool->first, *behind; x; x = behind) {
        behind = x->behind;
        free(x);
    }
    if (pool->region)
        (void)cudaFree(pool->region);
    *pool = (fd_cuda_pool){NULL, 0, 0, NULL};
}

/* Cuts the end off an extent; it becomes the free one behind it. */
static fd_error *split(fd_cuda_extent *x, size_t bytes)
{
    fd_error *err = NULL;
    fd_cuda_extent *rest;
    FD_TRY(fd_alloc(&rest, 1, sizeof *rest));
    *rest = (fd_cuda_extent){.at = x->at + bytes, .bytes = x->bytes - bytes, .before = x, .behind = x->behind};
    if (x->behind)
        x->behind->before = rest;
    x->behind = rest;
    x->bytes = bytes;
done:
    return err;
}

fd_error *fd_cuda_pool_take(fd_cuda_pool *pool, size_t bytes, void **out)
{
    fd_error *err = NULL;
    fd_cuda_extent *best = NULL;
    const size_t wanted = bytes;
    if (bytes <= pool->bytes)
        bytes = bytes ? (bytes + FD_CUDA_POOL_ALIGN - 1) / FD_CUDA_POOL_ALIGN * FD_CUDA_POOL_ALIGN : FD_CUDA_POOL_ALIGN;
    for (fd_cuda_extent *x = pool->first; x; x = x->behind)
        if (!x->used && x->bytes >= bytes && (!best || x->bytes < best->bytes))
            best = x;
    if (!best)
        FD_THROW(FD_NOMEM, "out of GPU memory: %zu bytes are wanted, %zu of %zu are in use (--gpu-memory)", wanted, pool->used, pool->bytes);
    if (best->bytes > bytes)
        FD_TRY(split(best, bytes));
    best->used = true;
    pool->used += best->bytes;
    *out = best->at;
done:
    return err;
}

/* x and the extent behind it become one. */
static void join(fd_cuda_extent *x)
{
    fd_cuda_extent *gone = x->behind;
    x->bytes += gone->bytes;
    x->behind = gone->behind;
    if (gone->behind)
        gone->behind->before = x;
    free(gone);
}

void fd_cuda_pool_give(fd_cuda_pool *pool, void *p)
{
    fd_cuda_extent *x = pool->first;
    while (x && x->at != p)
        x = x->behind;
    assert(x && x->used);
    x->used = false;
    pool->used -= x->bytes;
    if (x->behind && !x->behind->used)
        join(x);
    if (x->before && !x->before->used)
        join(x->before);
}
