/* Faces cut out for the embedder. Every way of cutting fills pixels[height][width][3] with RGB values of 0..255; `finish` makes the network's
 * input of them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/ref/image.h"
#include "kernels/math/pil.h"

typedef struct cut_size {
    int32_t width, height;
} cut_size;

static void cut_warp(const fd_pixels *p, const double map[6], cut_size size, float *pixels)
{
    for (int32_t y = 0; y < size.height; y++)
        for (int32_t x = 0; x < size.width; x++) {
            const fd_sample s = fd_sample_at(map, x, y, p->width, p->height);
            for (int c = 0; c < 3; c++)
                *pixels++ = fd_pixel_between(p, &s, c);
        }
}

/* Without antialias; pixel centres at half-integers; the box's edge is repeated. */
static void cut_bilinear(const fd_pixels *p, const int32_t box[4], cut_size size, float *pixels)
{
    for (int32_t y = 0; y < size.height; y++)
        for (int32_t x = 0; x < size.width; x++) {
            const double sx = fd_sample_stretch(x, box[2] - box[0], size.width), sy = fd_sample_stretch(y, box[3] - box[1], size.height);
            const fd_sample s = {box[0] + fd_floor(sx), box[1] + fd_floor(sy), sx - fd_floor(sx), sy - fd_floor(sy)};
            for (int c = 0; c < 3; c++)
                *pixels++ = fd_pixel_between(p, &s, c);
        }
}

static void cut_area(const fd_pixels *p, const int32_t box[4], cut_size size, float *pixels)
{
    const fd_grid grid = {box[0], box[1], box[2] - box[0], box[3] - box[1], size.height, size.width};
    for (int32_t y = 0; y < size.height; y++)
        for (int32_t x = 0; x < size.width; x++)
            for (int c = 0; c < 3; c++)
                *pixels++ = fd_pixel_mean(p, &grid, y, x, c);
}

/* Pillow's two passes, each rounded to bytes: columns of every row of the box, then rows. */
static fd_error *cut_pil(const fd_pixels *p, const int32_t box[4], cut_size size, float *pixels)
{
    fd_error *err = NULL;
    const int32_t width = box[2] - box[0], height = box[3] - box[1];
    const int32_t taps = fd_pil_taps(width > height ? width : height, size.width < size.height ? size.width : size.height);
    uint8_t *narrow = NULL; /* [height][size.width][3] */
    int32_t *weight = NULL, first;
    FD_TRY(fd_alloc(&narrow, (size_t)height * (size_t)size.width, 3));
    FD_TRY(fd_alloc(&weight, (size_t)taps, sizeof *weight));
    for (int32_t x = 0; x < size.width; x++) {
        const int32_t count = fd_pil_weights(x, width, size.width, &first, weight);
        for (int32_t y = 0; y < height; y++)
            for (int c = 0; c < 3; c++) {
                int32_t sum = 0;
                for (int32_t k = 0; k < count; k++)
                    sum += weight[k] * fd_pixel(p, box[1] + y, box[0] + first + k, c);
                narrow[((int64_t)y * size.width + x) * 3 + c] = fd_pil_pixel(sum);
            }
    }
    for (int32_t y = 0; y < size.height; y++) {
        const int32_t count = fd_pil_weights(y, height, size.height, &first, weight);
        for (int32_t x = 0; x < size.width * 3; x++) {
            int32_t sum = 0;
            for (int32_t k = 0; k < count; k++)
                sum += weight[k] * narrow[(int64_t)(first + k) * size.width * 3 + x];
            *pixels++ = (float)fd_pil_pixel(sum);
        }
    }
done:
    free(narrow);
    free(weight);
    return err;
}

static fd_error *cut_box(const fd_pixels *p, const fd_cut *cut, cut_size size, float *pixels)
{
    if (cut->box[2] <= cut->box[0] || cut->box[3] <= cut->box[1])
        memset(pixels, 0, (size_t)size.width * (size_t)size.height * 3 * sizeof *pixels);
    else if (cut->resample == FD_BILINEAR)
        cut_bilinear(p, cut->box, size, pixels);
    else if (cut->resample == FD_AREA)
        cut_area(p, cut->box, size, pixels);
    else
        return cut_pil(p, cut->box, size, pixels);
    return NULL;
}

static void finish(const float *pixels, const fd_cut_format *f, float *out, uint8_t *bytes)
{
    const int64_t count = (int64_t)f->width * f->height;
    for (int c = 0; c < 3; c++)
        for (int64_t k = 0; k < count; k++)
            out[c * count + k] = (pixels[k * 3 + (f->bgr ? 2 - c : c)] - f->mean[c]) / f->std[c];
    for (int64_t k = 0; bytes && k < count * 3; k++)
        bytes[k] = fd_nearest_byte(pixels[k]);
}

fd_error *fd_ref_cuts(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out,
                      uint8_t *bytes)
{
    (void)lane;
    fd_error *err = NULL;
    const cut_size size = {format->width, format->height};
    const int64_t count = (int64_t)size.width * size.height * 3;
    float *pixels = NULL;
    FD_TRY(fd_alloc(&pixels, (size_t)count, sizeof *pixels));
    for (int k = 0; k < n; k++) {
        const fd_pixels *p = fd_ref_pixels(pictures[cuts[k].picture]);
        if (cuts[k].warp)
            cut_warp(p, cuts[k].map, size, pixels);
        else
            FD_TRY(cut_box(p, &cuts[k], size, pixels));
        finish(pixels, format, out + k * count, bytes ? bytes + k * count : NULL);
    }
done:
    free(pixels);
    return err;
}
