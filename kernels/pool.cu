#include "kernels/pool.h"

#include "kernels/planes.cuh"

/* How many of n positions first, first + step, ... lie in [low, high). */
static __device__ int32_t positions(int32_t first, int32_t n, int32_t step, int32_t low, int32_t high)
{
    int32_t inside = 0;
    for (int32_t i = 0; i < n; i++)
        inside += first + i * step >= low && first + i * step < high;
    return inside;
}

/* A thread makes one output. */
static __global__ void pool(fd_window2 s, uint32_t parts, int32_t max, int32_t count_include_pad, const float *x, float *y)
{
    int64_t plane;
    int32_t row, column;
    if (!fd_plane_at(s, parts, &plane, &row, &column))
        return;
    const int32_t height = (int32_t)s.height, width = (int32_t)s.width;
    const int32_t top = row * s.stride[0] - s.pad[0], left = column * s.stride[1] - s.pad[1];
    const float *in = x + plane * s.height * s.width;
    double sum = 0.0;
    float largest = -INFINITY;
    for (int32_t i = 0; i < s.kernel[0]; i++)
        for (int32_t j = 0; j < s.kernel[1]; j++) {
            const int32_t r = top + i * s.dilation[0], c = left + j * s.dilation[1];
            if (r < 0 || r >= height || c < 0 || c >= width)
                continue;
            const float v = in[(int64_t)r * width + c];
            sum += max ? 0.0 : (double)v;
            largest = v > largest ? v : largest;
        }
    const int32_t grow = count_include_pad ? 1 : 0;
    const int32_t rows = positions(top, s.kernel[0], s.dilation[0], -grow * s.pad[0], height + grow * s.pad_end[0]);
    const int32_t columns = positions(left, s.kernel[1], s.dilation[1], -grow * s.pad[1], width + grow * s.pad_end[1]);
    y[(plane * s.out_height + row) * s.out_width + column] = max ? largest : (float)(sum / (double)((int64_t)rows * columns));
}

int fd_pool(fd_window2 s, int32_t max, int32_t count_include_pad, const float *x, float *y, fd_stream stream)
{
    const fd_plane_grid g = fd_planes(s);
    if (g.blocks == 0)
        return 0;
    return FD_LAUNCH(pool, (unsigned)g.blocks, g.threads, stream, s, g.parts, max, count_include_pad, x, y);
}
