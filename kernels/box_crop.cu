#include "kernels/box_crop.h"

#include "kernels/launch.cuh"
#include "kernels/math/pil.h"

enum { BLOCK_WIDTH = 32, BLOCK_HEIGHT = 8 };

static __device__ bool is_empty(const fd_window &b)
{
    return b.x2 <= b.x1 || b.y2 <= b.y1;
}

/* Value v (0..255) of RGB colour c at (y, x) of a face. */
static __device__ void store(const fd_cut_output &out, int64_t slot, int32_t y, int32_t x, int c, float v)
{
    const fd_warp_format f = out.format;
    const int64_t area = (int64_t)f.width * f.height, at = (int64_t)y * f.width + x;
    const int channel = f.bgr ? 2 - c : c;
    out.input[(slot * 3 + channel) * area + at] = (v - f.mean[channel]) / f.std[channel];
    if (out.bytes)
        out.bytes[(slot * area + at) * 3 + c] = fd_nearest_byte(v);
}

static __device__ float bilinear(const fd_crop &crop, const fd_warp_format &f, int32_t y, int32_t x, int c)
{
    const fd_window b = crop.box;
    const double sx = fd_sample_stretch(x, b.x2 - b.x1, f.width), sy = fd_sample_stretch(y, b.y2 - b.y1, f.height);
    const fd_sample s = {b.x1 + fd_floor(sx), b.y1 + fd_floor(sy), sx - fd_floor(sx), sy - fd_floor(sy)};
    return fd_pixel_between(&crop.picture, &s, c);
}

static __device__ float area(const fd_crop &crop, const fd_warp_format &f, int32_t y, int32_t x, int c)
{
    const fd_window b = crop.box;
    const fd_grid grid = {b.x1, b.y1, b.x2 - b.x1, b.y2 - b.y1, f.height, f.width};
    return fd_pixel_mean(&crop.picture, &grid, y, x, c);
}

/* A thread makes one pixel; z is the crop. */
static __global__ void plain_crops(const fd_crop *crops, int32_t kind, fd_cut_output out)
{
    const int32_t x = (int32_t)(blockIdx.x * BLOCK_WIDTH + threadIdx.x), y = (int32_t)(blockIdx.y * BLOCK_HEIGHT + threadIdx.y);
    if (x >= out.format.width || y >= out.format.height)
        return;
    const fd_crop crop = crops[blockIdx.z];
    for (int c = 0; c < 3; c++) {
        float v = 0.0f;
        if (!is_empty(crop.box))
            v = kind == FD_CROP_AREA ? area(crop, out.format, y, x, c) : bilinear(crop, out.format, y, x, c);
        store(out, crop.slot, y, x, c, v);
    }
}

/* The weights of one output of a pass, one at a time: their sum is taken first, as fd_pil_weights does. */
struct taps {
    fd_pil_span span;
    double sum;
};

static __device__ taps taps_of(int32_t i, int32_t n, int32_t m)
{
    taps t = {fd_pil_range(i, n, m), 0.0};
    for (int32_t k = 0; k < t.span.count; k++)
        t.sum += fd_pil_triangle(t.span, k);
    return t;
}

static __device__ int32_t weight_of(const taps &t, int32_t k)
{
    const double w = fd_pil_triangle(t.span, k);
    return (int32_t)(0.5 + (t.sum != 0.0 ? w / t.sum : w) * (double)(1 << FD_PIL_BITS));
}

/* First pass of Pillow's: columns, of every row of the box, rounded to bytes. A thread makes one pixel of scratch [box height][width][3]. */
static __global__ void pil_columns(const fd_crop *crops, int32_t width, uint8_t *scratch)
{
    const fd_crop crop = crops[blockIdx.z];
    const fd_window b = crop.box;
    const int32_t x = (int32_t)(blockIdx.x * BLOCK_WIDTH + threadIdx.x), y = (int32_t)(blockIdx.y * BLOCK_HEIGHT + threadIdx.y);
    if (is_empty(b) || x >= width || y >= b.y2 - b.y1)
        return;
    const taps t = taps_of(x, b.x2 - b.x1, width);
    int32_t sum[3] = {0, 0, 0};
    for (int32_t k = 0; k < t.span.count; k++) {
        const int32_t w = weight_of(t, k);
        for (int c = 0; c < 3; c++)
            sum[c] += w * fd_pixel(&crop.picture, b.y1 + y, b.x1 + t.span.first + k, c);
    }
    for (int c = 0; c < 3; c++)
        scratch[crop.scratch + ((int64_t)y * width + x) * 3 + c] = fd_pil_pixel(sum[c]);
}

/* Second pass: rows. */
static __global__ void pil_rows(const fd_crop *crops, const uint8_t *scratch, fd_cut_output out)
{
    const fd_crop crop = crops[blockIdx.z];
    const fd_window b = crop.box;
    const int32_t width = out.format.width;
    const int32_t x = (int32_t)(blockIdx.x * BLOCK_WIDTH + threadIdx.x), y = (int32_t)(blockIdx.y * BLOCK_HEIGHT + threadIdx.y);
    if (x >= width || y >= out.format.height)
        return;
    int32_t sum[3] = {0, 0, 0};
    if (!is_empty(b)) {
        const taps t = taps_of(y, b.y2 - b.y1, out.format.height);
        for (int32_t k = 0; k < t.span.count; k++) {
            const int32_t w = weight_of(t, k);
            for (int c = 0; c < 3; c++)
                sum[c] += w * scratch[crop.scratch + ((int64_t)(t.span.first + k) * width + x) * 3 + c];
        }
    }
    for (int c = 0; c < 3; c++)
        store(out, crop.slot, y, x, c, is_empty(b) ? 0.0f : (float)fd_pil_pixel(sum[c]));
}

int fd_box_crops(const fd_crop *crops, int64_t n, int32_t height, int32_t kind, fd_cut_output out, uint8_t *scratch, fd_stream stream)
{
    const dim3 block(BLOCK_WIDTH, BLOCK_HEIGHT);
    const unsigned across = fd_blocks(out.format.width, BLOCK_WIDTH), down = fd_blocks(out.format.height, BLOCK_HEIGHT);
    int error = 0;
    for (int64_t k = 0; k < n && !error; k += FD_MOST_BLOCKS_Z) {
        const unsigned count = (unsigned)(n - k < FD_MOST_BLOCKS_Z ? n - k : FD_MOST_BLOCKS_Z);
        if (kind != FD_CROP_PIL) {
            error = FD_LAUNCH(plain_crops, dim3(across, down, count), block, stream, crops + k, kind, out);
            continue;
        }
        if (height > 0)
            error = FD_LAUNCH(pil_columns, dim3(across, fd_blocks(height, BLOCK_HEIGHT), count), block, stream, crops + k, out.format.width, scratch);
        if (!error)
            error = FD_LAUNCH(pil_rows, dim3(across, down, count), block, stream, crops + k, (const uint8_t *)scratch, out);
    }
    return error;
}
