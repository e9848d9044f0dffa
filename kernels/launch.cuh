/* How launchers start kernels: the only place with triple angle brackets. */
#ifndef FD_KERNELS_LAUNCH_CUH
#define FD_KERNELS_LAUNCH_CUH

#include <cuda_runtime_api.h>
#include <stdint.h>

/* Queues kernel(arguments...) and gives the launch's error as an int. */
#define FD_LAUNCH(kernel, grid, block, stream, ...) ((kernel)<<<(grid), (block), 0, (stream)>>>(__VA_ARGS__), (int)cudaGetLastError())

/* Blocks of `size` that cover n; both positive. */
static inline unsigned fd_blocks(int64_t n, int64_t size)
{
    return (unsigned)((n + size - 1) / size);
}

static const int FD_WARP = 32;
static const int64_t FD_MOST_BLOCKS_Z = 65535;   /* of a grid */

#endif
