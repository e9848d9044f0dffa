#include "kernels/area_tiles.h"

#include "kernels/launch.cuh"

enum { BLOCK_WIDTH = 32, BLOCK_HEIGHT = 8 };

/* A thread makes one element of a tile, three channels; z is the tile. */
static __global__ void area_tiles(const fd_area_tile *tiles, float *out)
{
    const fd_area_tile t = tiles[blockIdx.z];
    const int32_t i = (int32_t)(blockIdx.y * BLOCK_HEIGHT + threadIdx.y), j = (int32_t)(blockIdx.x * BLOCK_WIDTH + threadIdx.x);
    if (i >= t.height || j >= t.width)
        return;
    const fd_grid level = {0, 0, t.picture.width, t.picture.height, t.rows, t.columns};
    float *to = out + t.offset + i * t.row_pitch + j;
    for (int c = 0; c < 3; c++)
        to[c * t.plane_pitch] = fd_normal_pixel(fd_pixel_mean(&t.picture, &level, t.y + i, t.x + j, c));
}

int fd_area_tiles(const fd_area_tile *tiles, int64_t n, int32_t height, int32_t width, float *out, fd_stream stream)
{
    const dim3 block(BLOCK_WIDTH, BLOCK_HEIGHT);
    int error = 0;
    for (int64_t k = 0; k < n && !error; k += FD_MOST_BLOCKS_Z) {
        const int64_t count = n - k < FD_MOST_BLOCKS_Z ? n - k : FD_MOST_BLOCKS_Z;
        const dim3 grid(fd_blocks(width, BLOCK_WIDTH), fd_blocks(height, BLOCK_HEIGHT), (unsigned)count);
        error = FD_LAUNCH(area_tiles, grid, block, stream, tiles + k, out);
    }
    return error;
}
