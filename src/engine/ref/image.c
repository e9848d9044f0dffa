#include "engine/ref/image.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kernels/math/l2.h"

static fd_error *picture_open(fd_lane *lane, const uint8_t *rgb, int32_t width, int32_t height, int64_t pitch, fd_picture **out)
{
    fd_error *err = NULL;
    fd_ref_picture *p = NULL;
    assert(width >= 1 && width <= 65535 && height >= 1 && height <= 65535 && pitch >= (int64_t)width * 3);
    FD_TRY(fd_alloc(&p, 1, sizeof *p));
    p->base = (fd_picture){lane->engine, width, height};
    p->pixels = (fd_pixels){rgb, pitch, width, height};
    *out = &p->base;
done:
    return err;
}

static void picture_close(fd_picture *picture)
{
    free(picture);
}

static fd_error *tiles(fd_lane *lane, fd_picture *const *pictures, const fd_tile *tile, int n, float *out)
{
    (void)lane;
    for (const fd_tile *t = tile; t < tile + n; t++) {
        const fd_pixels *p = fd_ref_pixels(pictures[t->picture]);
        const fd_grid level = {0, 0, p->width, p->height, t->level_height, t->level_width};
        float *to = out + t->offset;
        for (int c = 0; c < 3; c++)
            for (int32_t i = 0; i < t->height; i++)
                for (int32_t j = 0; j < t->width; j++)
                    to[c * t->plane_pitch + i * t->row_pitch + j] = fd_normal_pixel(fd_pixel_mean(p, &level, t->y + i, t->x + j, c));
    }
    return NULL;
}

static fd_error *patches(fd_lane *lane, fd_picture *const *pictures, const fd_patch *patch, int n, int side, float *out)
{
    (void)lane;
    for (const fd_patch *b = patch; b < patch + n; b++) {
        const fd_grid grid = {b->x1, b->y1, b->x2 - b->x1, b->y2 - b->y1, side, side};
        for (int c = 0; c < 3; c++)
            for (int32_t i = 0; i < side; i++)
                for (int32_t j = 0; j < side; j++)
                    *out++ = fd_normal_pixel(fd_pixel_mean(fd_ref_pixels(pictures[b->picture]), &grid, i, j, c));
    }
    return NULL;
}

static fd_error *candidates(fd_lane *lane, const fd_region *regions, int n, float threshold, fd_candidate *out, int64_t capacity,
                            int64_t *found)
{
    (void)lane;
    *found = 0;
    for (const fd_region *r = regions; r < regions + n; r++)
        for (int32_t i = 0; i < r->height; i++)
            for (int32_t j = 0; j < r->width; j++) {
                const int64_t at = i * r->pitch + j;
                if (!(r->prob[at] >= threshold))
                    continue;
                if (*found < capacity)
                    out[*found] = (fd_candidate){r->tag,
                                                 r->row + i,
                                                 r->column + j,
                                                 r->prob[at],
                                                 {r->box[at], r->box[r->plane + at], r->box[2 * r->plane + at], r->box[3 * r->plane + at]}};
                ++*found;
            }
    return NULL;
}

static fd_error *l2_rows(fd_lane *lane, float *rows, int64_t n, int64_t dim)
{
    (void)lane;
    for (float *row = rows; row < rows + n * dim; row += dim) {
        const double norm = fd_l2_norm(row, dim);
        for (int64_t k = 0; fd_l2_usable(norm) && k < dim; k++)
            row[k] = fd_l2_divide(row[k], norm);
    }
    return NULL;
}

const fd_image_table fd_ref_image = {picture_open, picture_close, tiles, candidates, patches, fd_ref_cuts, l2_rows};
