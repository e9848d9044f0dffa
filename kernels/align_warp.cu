#include "kernels/align_warp.h"

#include "kernels/launch.cuh"

enum { BLOCK_WIDTH = 32, BLOCK_HEIGHT = 8 };

/* A thread makes one pixel; z is the face. */
static __global__ void align_warp(const fd_warp *warps, fd_cut_output out)
{
    const fd_warp_format f = out.format;
    const int32_t x = (int32_t)(blockIdx.x * BLOCK_WIDTH + threadIdx.x), y = (int32_t)(blockIdx.y * BLOCK_HEIGHT + threadIdx.y);
    if (x >= f.width || y >= f.height)
        return;
    const fd_warp w = warps[blockIdx.z];
    const int64_t area = (int64_t)f.width * f.height, at = (int64_t)y * f.width + x;
    const fd_sample s = fd_sample_at(w.map, x, y, w.picture.width, w.picture.height);
    for (int c = 0; c < 3; c++) {
        const int channel = f.bgr ? 2 - c : c;   /* of the network, for colour c */
        const float v = fd_pixel_between(&w.picture, &s, c);
        out.input[(w.slot * 3 + channel) * area + at] = (v - f.mean[channel]) / f.std[channel];
        if (out.bytes)
            out.bytes[(w.slot * area + at) * 3 + c] = fd_nearest_byte(v);
    }
}

int fd_align_warp(const fd_warp *warps, int64_t n, fd_cut_output out, fd_stream stream)
{
    const dim3 block(BLOCK_WIDTH, BLOCK_HEIGHT);
    int error = 0;
    for (int64_t k = 0; k < n && !error; k += FD_MOST_BLOCKS_Z) {
        const int64_t faces = n - k < FD_MOST_BLOCKS_Z ? n - k : FD_MOST_BLOCKS_Z;
        const dim3 grid(fd_blocks(out.format.width, BLOCK_WIDTH), fd_blocks(out.format.height, BLOCK_HEIGHT), (unsigned)faces);
        error = FD_LAUNCH(align_warp, grid, block, stream, warps + k, out);
    }
    return error;
}
