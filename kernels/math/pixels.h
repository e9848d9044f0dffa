/* A photograph in memory, and what is read from it one value at a time. */
#ifndef FD_KERNELS_MATH_PIXELS_H
#define FD_KERNELS_MATH_PIXELS_H

#include "kernels/math/area.h"
#include "kernels/math/sample.h"

typedef struct fd_pixels {
    const uint8_t *rgb; /* [height][width][3], rows `pitch` bytes apart */
    int64_t pitch;
    int32_t width, height; /* 1..65535 */
} fd_pixels;

/* Channel c of pixel (y, x). */
FD_INLINE uint8_t fd_pixel(const fd_pixels *p, int64_t y, int64_t x, int c)
{
    return p->rgb[y * p->pitch + x * 3 + c];
}

/* The same as a double; 0 outside the photograph. */
FD_INLINE double fd_pixel_or_zero(const fd_pixels *p, int32_t y, int32_t x, int c)
{
    return x >= 0 && x < p->width && y >= 0 && y < p->height ? (double)fd_pixel(p, y, x, c) : 0.0;
}

/* Channel c between the four neighbours of a sample. */
FD_INLINE float fd_pixel_between(const fd_pixels *p, const fd_sample *s, int c)
{
    const double near[2][2] = {{fd_pixel_or_zero(p, s->y, s->x, c), fd_pixel_or_zero(p, s->y, s->x + 1, c)},
                               {fd_pixel_or_zero(p, s->y + 1, s->x, c), fd_pixel_or_zero(p, s->y + 1, s->x + 1, c)}};
    return (float)fd_bilinear(near, s->fx, s->fy);
}

/* A rectangle (rows y .. y + height - 1, columns likewise) that is resampled to a grid of rows x columns. */
typedef struct fd_grid {
    int32_t x, y, width, height;
    int32_t rows, columns;
} fd_grid;

/* Channel c of grid element (i, j): the plain mean over its window, 0..255. */
FD_INLINE float fd_pixel_mean(const fd_pixels *p, const fd_grid *g, int32_t i, int32_t j, int c)
{
    const int64_t y1 = fd_area_begin(i, g->height, g->rows), y2 = fd_area_end(i, g->height, g->rows);
    const int64_t x1 = fd_area_begin(j, g->width, g->columns), x2 = fd_area_end(j, g->width, g->columns);
    uint64_t sum = 0;
    for (int64_t y = y1; y < y2; y++)
        for (int64_t x = x1; x < x2; x++)
            sum += fd_pixel(p, g->y + y, g->x + x, c);
    return fd_area_mean(sum, y2 - y1, x2 - x1);
}

#endif
