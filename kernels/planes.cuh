/* Blocks that go through the output planes of a sliding window: some blocks for each plane, so that only the place within it is divided. */
#ifndef FD_KERNELS_PLANES_CUH
#define FD_KERNELS_PLANES_CUH

#include "kernels/launch.cuh"
#include "kernels/window.h"

static const int FD_PLANE_THREADS = 256;   /* at most, of a block */

typedef struct fd_plane_grid {
    uint32_t parts, threads; /* blocks of a plane, threads of a block */
    int64_t blocks;
} fd_plane_grid;

static inline fd_plane_grid fd_planes(const fd_window2 &s)
{
    const int64_t area = s.out_height * s.out_width, warps = (area + FD_WARP - 1) / FD_WARP * FD_WARP;
    fd_plane_grid g;
    g.threads = (uint32_t)(warps < FD_PLANE_THREADS ? warps : FD_PLANE_THREADS);
    g.parts = g.threads ? fd_blocks(area, g.threads) : 0;
    g.blocks = s.n * s.c * g.parts;
    return g;
}

/* Where this thread's output lies. False: beyond its plane. */
static __device__ __forceinline__ bool fd_plane_at(const fd_window2 &s, uint32_t parts, int64_t *plane, int32_t *y, int32_t *x)
{
    const uint32_t width = (uint32_t)s.out_width, p = blockIdx.x / parts, at = (blockIdx.x - p * parts) * blockDim.x + threadIdx.x;
    *plane = p;
    *y = (int32_t)(at / width);
    *x = (int32_t)(at - (uint32_t)*y * width);
    return at < width * (uint32_t)s.out_height;
}

#endif
