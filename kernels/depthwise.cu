#include "kernels/depthwise.h"

#include "kernels/curve.cuh"
#include "kernels/planes.cuh"

/* A thread makes one output. KERNEL: 3 for windows of 3x3 elements side by side, 0 for any. */
template <int KERNEL> static __global__ void depthwise(fd_window2 s, uint32_t parts, const float *x, const float *weight, fd_finish finish, float *y)
{
    int64_t plane;
    int32_t row, column;
    if (!fd_plane_at(s, parts, &plane, &row, &column))
        return;
    const int32_t kh = KERNEL ? KERNEL : s.kernel[0], kw = KERNEL ? KERNEL : s.kernel[1], height = (int32_t)s.height, width = (int32_t)s.width;
    const int32_t down = KERNEL ? 1 : s.dilation[0], right = KERNEL ? 1 : s.dilation[1];
    const int32_t top = row * s.stride[0] - s.pad[0], left = column * s.stride[1] - s.pad[1];
    const int64_t channel = (uint32_t)plane % (uint32_t)s.c, at = (plane * s.out_height + row) * s.out_width + column;
    const float *in = x + plane * s.height * s.width, *w = weight + channel * kh * kw;
    float sum = 0.0f;
    FD_UNROLL
    for (int32_t i = 0; i < kh; i++)
        FD_UNROLL
        for (int32_t j = 0; j < kw; j++) {
            const int32_t r = top + i * down, c = left + j * right;
            if (r >= 0 && r < height && c >= 0 && c < width)
                sum = __fmaf_rn(in[(int64_t)r * width + c], w[i * kw + j], sum);
        }
    y[at] = fd_finish_at(finish, sum, channel, at);
}

int fd_depthwise(fd_window2 s, const float *x, const float *weight, fd_finish finish, float *y, fd_stream stream)
{
    const fd_plane_grid g = fd_planes(s);
    const bool three = s.kernel[0] == 3 && s.kernel[1] == 3 && s.dilation[0] == 1 && s.dilation[1] == 1;
    if (g.blocks == 0)
        return 0;
    if (three)
        return FD_LAUNCH(depthwise<3>, (unsigned)g.blocks, g.threads, stream, s, g.parts, x, weight, finish, y);
    return FD_LAUNCH(depthwise<0>, (unsigned)g.blocks, g.threads, stream, s, g.parts, x, weight, finish, y);
}
