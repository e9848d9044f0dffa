#include "kernels/patches.h"

#include "kernels/launch.cuh"

enum { THREADS = 192 };

/* A block makes one patch. Threads go through its elements plane by plane, so that neighbours store side by side. */
static __global__ void patches(const fd_window_of *windows, int32_t side, float *out)
{
    const fd_window_of job = windows[blockIdx.x];
    const fd_window w = job.window;
    const fd_grid grid = {w.x1, w.y1, w.x2 - w.x1, w.y2 - w.y1, side, side};
    const int32_t area = side * side;
    float *to = out + (int64_t)blockIdx.x * 3 * area;
    for (int32_t k = (int32_t)threadIdx.x; k < 3 * area; k += THREADS)
        to[k] = fd_normal_pixel(fd_pixel_mean(&job.picture, &grid, k % area / side, k % side, k / area));
}

int fd_patches(const fd_window_of *windows, int64_t n, int32_t side, float *out, fd_stream stream)
{
    if (n == 0)
        return 0;
    return FD_LAUNCH(patches, fd_blocks(n, 1), THREADS, stream, windows, side, out);
}
