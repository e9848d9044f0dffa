#include "data/canvas.h"

#include <assert.h>
#include <stdlib.h>

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

fd_error *fd_canvas_open(fd_canvas *c, int32_t width, int32_t height, int orientation)
{
    fd_error *err = NULL;
    *c = (fd_canvas){.width = width, .height = height, .orientation = orientation};
    FD_TRY(fd_alloc_aligned(&c->rgb, (size_t)width * (size_t)height, 3));
    if (orientation != 1)
        FD_TRY(fd_alloc_aligned(&c->strip, (size_t)width * 3, FD_STRIP_ROWS));
done:
    return err;
}

void fd_canvas_free(fd_canvas *c)
{
    free(c->rgb);
    free(c->strip);
    *c = (fd_canvas){0};
}

uint8_t *fd_canvas_rows(fd_canvas *c, int32_t y, int32_t *rows)
{
    assert(y % FD_STRIP_ROWS == 0 && y < c->height);
    *rows = c->height - y < FD_STRIP_ROWS ? c->height - y : FD_STRIP_ROWS;
    return c->strip ? c->strip : c->rgb + (int64_t)y * c->width * 3;
}

static inline void copy_pixel(uint8_t *to, const uint8_t *from)
{
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
}

void fd_canvas_put(fd_canvas *c, int32_t y, int32_t rows)
{
    if (!c->strip)
        return;
    placing p = placing_of(c->orientation, c->width, c->height);
    uint8_t *corner = c->rgb + (p.origin + y * p.step_y) * 3;
    if (c->orientation < 5) {
        for (int32_t j = 0; j < rows; j++)
            for (int64_t x = 0; x < c->width; x++)
                copy_pixel(corner + (j * p.step_y + x * p.step_x) * 3, c->strip + (j * (int64_t)c->width + x) * 3);
        return;
    }
    for (int64_t x = 0; x < c->width; x++) /* a column of the strip is a run of an upright row */
        for (int32_t j = 0; j < rows; j++)
            copy_pixel(corner + (j * p.step_y + x * p.step_x) * 3, c->strip + (j * (int64_t)c->width + x) * 3);
}
