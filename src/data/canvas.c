#include "data/canvas.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Where pixel (x, y) of the file goes in the upright picture: origin + x * step_x + y * step_y, in pixels. */
typedef struct placing {
    int64_t origin, step_x, step_y;
} placing;

static placing placing_of(int orientation, int64_t w, int64_t h)
{
    switch (orientation) {
    case 2:
        return (placing){w - 1, -1, w};   /* mirrored left to right */
    case 3:
        return (placing){w * h - 1, -1, -w};   /* upside down */
    case 4:
        return (placing){w * (h - 1), 1, -w};   /* mirrored top to bottom */
    case 5:
        return (placing){0, h, 1};   /* transposed: the upright picture is h wide */
    case 6:
        return (placing){h - 1, h, -1};   /* its top is at the right */
    case 7:
        return (placing){w * h - 1, -h, -1};   /* transposed about the other diagonal */
    case 8:
        return (placing){h * (w - 1), -h, 1};   /* its top is at the left */
    default:
        return (placing){0, 1, w};
    }
}

void fd_upright_size(int orientation, int32_t width, int32_t height, int32_t *upright_width, int32_t *upright_height)
{
    *upright_width = orientation >= 5 ? height : width;
    *upright_height = orientation >= 5 ? width : height;
}

static size_t piece(size_t bytes)
{
    return (bytes + FD_ALIGN - 1) / FD_ALIGN * FD_ALIGN;
}

size_t fd_slab_bytes(int32_t width, int32_t height)
{
    return piece((size_t)width * (size_t)height * 3);
}

/* The picture behind those that the slab holds. */
static bool lies_in(fd_canvas *c, fd_slab *slab, size_t bytes)
{
    if (!slab || bytes > slab->bytes || piece(bytes) > slab->bytes - slab->used)
        return false;
    c->rgb = slab->memory + slab->used;
    c->slab = slab;
    c->before = slab->used;
    slab->used += piece(bytes);
    return true;
}

fd_error *fd_canvas_open(fd_canvas *c, fd_slab *slab, int32_t width, int32_t height, int pixel, int orientation)
{
    fd_error *err = NULL;
    *c = (fd_canvas){.width = width, .height = height, .pixel = pixel, .orientation = orientation, .pitch = (size_t)width * (size_t)pixel};
    if (!lies_in(c, slab, (size_t)width * (size_t)height * (size_t)pixel))
        FD_TRY(fd_alloc_aligned(&c->rgb, (size_t)width * (size_t)height, (size_t)pixel));
    if (orientation != 1) {
        /* At least a byte more than a row (gather reads it), and an odd count: rows a multiple of a page apart would share cache sets. */
        c->pitch = (c->pitch + 1) | 65;
        FD_TRY(fd_alloc_aligned(&c->strip, c->pitch, FD_STRIP_ROWS));
    }
done:
    return err;
}

void fd_canvas_free(fd_canvas *c)
{
    if (c->slab)
        c->slab->used = c->before;
    else
        free(c->rgb);
    free(c->strip);
    *c = (fd_canvas){0};
}

uint8_t *fd_canvas_rows(fd_canvas *c, int32_t y, int32_t *rows)
{
    assert(y % FD_STRIP_ROWS == 0 && y < c->height);
    *rows = c->height - y < FD_STRIP_ROWS ? c->height - y : FD_STRIP_ROWS;
    return c->strip ? c->strip : c->rgb + (int64_t)y * c->width * c->pixel;
}

/* A run of pixels, taken `stride` bytes apart. */
#define GATHER(to, from, stride, n, size)                              \
    for (int64_t i_ = 0; i_ < (n); i_++, (to) += (size), (from) += (stride)) \
        memcpy((to), (from), (size))

/* Writes n pixels of three bytes one after the other, taking them `stride` bytes apart. Four bytes are copied for three: the fourth is overwritten by the
 * next pixel, and not written behind the last. */
static void gather_rgb(uint8_t *to, const uint8_t *from, ptrdiff_t stride, int64_t n)
{
    for (int64_t i = 0; i + 1 < n; i++, to += 3, from += stride)
        memcpy(to, from, 4);
    memcpy(to, from, 3);
}

static void gather(uint8_t *to, const uint8_t *from, ptrdiff_t stride, int64_t n, int pixel)
{
    switch (pixel) {   /* sizes that the compiler knows */
    case 1: GATHER(to, from, stride, n, 1); break;
    case 2: GATHER(to, from, stride, n, 2); break;
    case 3: gather_rgb(to, from, stride, n); break;
    case 4: GATHER(to, from, stride, n, 4); break;
    default: GATHER(to, from, stride, n, (size_t)pixel); break;
    }
}

void fd_canvas_put(fd_canvas *c, int32_t y, int32_t rows)
{
    if (!c->strip)
        return;
    placing p = placing_of(c->orientation, c->width, c->height);
    uint8_t *corner = c->rgb + (p.origin + y * p.step_y) * c->pixel;
    /* A run of an upright row is a row of the strip, or a column where the picture is turned by a quarter. It is written in its own direction:
     * where the step is -1 it starts from its other end. */
    bool quarter = c->orientation >= 5, backwards = (quarter ? p.step_y : p.step_x) < 0;
    int64_t run = quarter ? rows : c->width, runs = quarter ? c->width : rows, next = c->pixel * (quarter ? p.step_x : p.step_y);
    ptrdiff_t pitch = (ptrdiff_t)c->pitch, along = quarter ? pitch : c->pixel, across = quarter ? c->pixel : pitch;
    for (int64_t i = 0; i < runs; i++) {
        uint8_t *to = corner + i * next;
        const uint8_t *from = c->strip + i * across;
        if (backwards)
            gather(to - (run - 1) * c->pixel, from + (run - 1) * along, -along, run, c->pixel);
        else
            gather(to, from, along, run, c->pixel);
    }
}
