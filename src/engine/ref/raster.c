/* Rasters, as their definitions say. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/raster.h"
#include "engine/ref/ref.h"
#include "kernels/math/border.h"
#include "kernels/math/motion.h"

/* --- invert -------------------------------------------------------------------------------------------------------------------------- */

static fd_error *invert(fd_lane *lane, const uint8_t *from, uint8_t *to, int64_t bytes, const uint8_t pattern[24])
{
    (void)lane;
    for (int64_t i = 0; i < bytes; i++)
        to[i] = from[i] ^ pattern[i % 24];
    return NULL;
}

static fd_error *invert_grid(fd_lane *lane, const fd_thread_grid *launch, int pixel, const uint8_t *from, uint8_t *to, const uint8_t pattern[24])
{
    (void)lane;
    const int64_t threads = launch->grid * launch->block;
    for (int64_t block = launch->begin; block < launch->end; block++)
        for (int64_t thread = 0; thread < launch->block; thread++)
            for (int64_t i = launch->first + block * launch->block + thread; i < launch->last; i += threads) {
                for (int k = 0; k < pixel; k++)
                    to[i * pixel + k] = from[i * pixel + k] ^ pattern[k];
                if (!launch->stride)
                    break;
            }
    return NULL;
}

/* --- motion -------------------------------------------------------------------------------------------------------------------------- */

/* Whether all of a pixel's 3x3 neighbours, itself included, moved; what lies outside counts as moved. */
static bool stays(const uint8_t *moved, const fd_motion_frame *f, int32_t y, int32_t x)
{
    for (int32_t i = y > 0 ? y - 1 : 0; i <= y + 1 && i < f->height; i++)
        for (int32_t j = x > 0 ? x - 1 : 0; j <= x + 1 && j < f->width; j++)
            if (!moved[(int64_t)i * f->width + j])
                return false;
    return true;
}

static fd_error *motion(fd_lane *lane, const fd_motion_frame *f)
{
    fd_error *err = NULL;
    const int64_t pixels = (int64_t)f->width * f->height;
    void *scratch = NULL;
    FD_TRY(fd_host_lane_scratch(lane, (size_t)pixels, &scratch));
    uint8_t *moved = scratch;
    const uint8_t *before = f->before ? f->before : f->gray;
    for (int64_t i = 0; i < pixels; i++) {
        const int32_t gray = fd_gray(f->rgb + 3 * i);
        moved[i] = f->first ? 0 : fd_moves(gray, before[i], f->threshold);
        f->gray[i] = (uint8_t)gray;
    }
    for (int32_t y = 0; y < f->height; y++)
        for (int32_t x = 0; x < f->width; x++) {
            const int64_t i = (int64_t)y * f->width + x;
            const uint8_t mask = stays(moved, f, y, x) ? 255 : 0;
            f->out[3 * i] = f->rgb[3 * i] > mask ? f->rgb[3 * i] : mask;
            f->out[3 * i + 1] = f->rgb[3 * i + 1];
            f->out[3 * i + 2] = f->rgb[3 * i + 2];
            if (f->mask)
                f->mask[i] = mask;
        }
done:
    return err;
}

static void paint(const fd_motion_frame *f, int64_t i)
{
    f->out[3 * i] = f->rgb[3 * i] > f->mask[i] ? f->rgb[3 * i] : f->mask[i];
    f->out[3 * i + 1] = f->rgb[3 * i + 1];
    f->out[3 * i + 2] = f->rgb[3 * i + 2];
}

static fd_error *motion_part(fd_lane *lane, fd_motion_part part, const fd_motion_frame *f)
{
    (void)lane;
    for (int32_t y = 0; y < f->height; y++)
        for (int32_t x = 0; x < f->width; x++) {
            const int64_t i = (int64_t)y * f->width + x;
            if (part == FD_MOTION_GRAY)
                f->gray[i] = (uint8_t)fd_gray(f->rgb + 3 * i);
            else if (part == FD_MOTION_COMPARE)
                f->moved[i] = f->first ? 0 : fd_moves(f->gray[i], f->before[i], f->threshold);
            else if (part == FD_MOTION_ERODE)
                f->mask[i] = stays(f->moved, f, y, x) ? 255 : 0;
            else
                paint(f, i);
        }
    return NULL;
}

/* --- convolve ------------------------------------------------------------------------------------------------------------------------ */

/* A sample of channel k, wherever (y, x) lies. */
static float at(const fd_convolution *c, const fd_raster *r, int64_t y, int64_t x, int32_t k)
{
    y = fd_border_index(y, r->height, c->border);
    x = fd_border_index(x, r->width, c->border);
    return y < 0 || x < 0 ? c->constant : fd_raster_get(r, (y * r->width + x) * r->channels + k);
}

/* The sum down a column (columns 1), or over the whole window. */
static float sum(const fd_convolution *c, const fd_raster *r, int64_t y, int64_t x, int32_t k)
{
    const int32_t columns = c->across ? 1 : c->columns, anchor = c->across ? 0 : c->anchor_column;
    float s = 0;
    for (int32_t i = 0; i < c->rows; i++)
        for (int32_t j = 0; j < columns; j++)
            s = fmaf(c->taps[i * columns + j], at(c, r, y + i - c->anchor_row, x + j - anchor, k), s);
    return s;
}

static float sum_of_sums(const fd_convolution *c, const fd_raster *r, int64_t y, int64_t x, int32_t k)
{
    float s = 0;
    for (int32_t j = 0; j < c->columns; j++)
        s = fmaf(c->across[j], sum(c, r, y, x + j - c->anchor_column, k), s);
    return s;
}

static fd_error *convolve(fd_lane *lane, const fd_convolution *c, const fd_raster *from, const fd_raster *to)
{
    (void)lane;
    assert(from->width == to->width && from->height == to->height && from->channels == to->channels && from->type == to->type);
    int64_t i = 0;
    for (int32_t y = 0; y < from->height; y++)
        for (int32_t x = 0; x < from->width; x++)
            for (int32_t k = 0; k < from->channels; k++)
                fd_raster_put(to, i++, c->across ? sum_of_sums(c, from, y, x, k) : sum(c, from, y, x, k));
    return NULL;
}

const fd_raster_table fd_ref_raster = {invert, motion, true, motion_part, convolve, invert_grid, FD_HOST_BLOCK, fd_host_copy};
