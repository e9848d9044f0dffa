#include "engine/cpu/image.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "kernels/math/l2.h"

const fd_image_code *fd_image_code_of(const fd_engine *e)
{
    static const fd_image_code *const codes[FD_ISA_COUNT] = {
        [FD_ISA_SSE41] = &fd_image_base, [FD_ISA_AVX2] = &fd_image_avx2, [FD_ISA_AVX512] = &fd_image_avx512};
    return codes[fd_cpu(e)->isa];
}

static fd_error *picture_open(fd_lane *lane, const uint8_t *rgb, int32_t width, int32_t height, int64_t pitch, fd_picture **out)
{
    fd_error *err = NULL;
    fd_cpu_picture *p = NULL;
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

static fd_area area_of_tile(const fd_pixels *p, const fd_tile *t, float *out)
{
    return (fd_area){.rgb = p->rgb,
                     .pitch = p->pitch,
                     .width = p->width,
                     .height = p->height,
                     .rows = t->level_height,
                     .columns = t->level_width,
                     .y = t->y,
                     .x = t->x,
                     .out_height = t->height,
                     .out_width = t->width,
                     .out = out + t->offset,
                     .row_pitch = t->row_pitch,
                     .plane_pitch = t->plane_pitch,
                     .shift = 127.5f,
                     .factor = 0.0078125f};
}

/* Neighbours in the list that are of one picture are made together. */
static fd_error *tiles(fd_lane *lane, fd_picture *const *pictures, const fd_tile *tile, int n, float *out)
{
    fd_error *err = NULL;
    fd_area_memory memory = {NULL, 0};
    fd_area *areas = NULL;
    FD_TRY(fd_alloc(&areas, (size_t)n, sizeof *areas));
    for (int k = 0, run = 0; k < n; k += run) {
        for (run = 0; k + run < n && tile[k + run].picture == tile[k].picture; run++)
            areas[run] = area_of_tile(fd_cpu_pixels(pictures[tile[k].picture]), &tile[k + run], out);
        FD_TRY(fd_area_run(fd_image_code_of(lane->engine), areas, run, &memory));
    }
done:
    free(memory.memory);
    free(areas);
    return err;
}

static fd_error *patches(fd_lane *lane, fd_picture *const *pictures, const fd_patch *patch, int n, int side, float *out)
{
    fd_error *err = NULL;
    fd_area_memory memory = {NULL, 0};
    for (const fd_patch *b = patch; b < patch + n; b++, out += 3 * side * side) {
        const fd_pixels *p = fd_cpu_pixels(pictures[b->picture]);
        fd_area area = {.rgb = p->rgb + b->y1 * p->pitch + (int64_t)b->x1 * 3,
                        .pitch = p->pitch,
                        .width = b->x2 - b->x1,
                        .height = b->y2 - b->y1,
                        .rows = side,
                        .columns = side,
                        .out_height = side,
                        .out_width = side,
                        .out = out,
                        .row_pitch = side,
                        .plane_pitch = side * side,
                        .shift = 127.5f,
                        .factor = 0.0078125f};
        FD_TRY(fd_area_run(fd_image_code_of(lane->engine), &area, 1, &memory));
    }
done:
    free(memory.memory);
    return err;
}

static void take(const fd_region *r, int32_t i, int32_t j, fd_candidate *out)
{
    const int64_t at = i * r->pitch + j;
    *out = (fd_candidate){r->tag, r->row + i, r->column + j, r->prob[at], {0}};
    for (int k = 0; k < 4; k++)
        out->box[k] = r->box[k * r->plane + at];
}

/* Hardly any cell is one: most rows are dismissed whole, a block at a time. */
static fd_error *candidates(fd_lane *lane, const fd_region *regions, int n, float threshold, fd_candidate *out, int64_t capacity,
                            int64_t *found)
{
    enum { BLOCK = 64 };
    const fd_image_code *code = fd_image_code_of(lane->engine);
    *found = 0;
    for (const fd_region *r = regions; r < regions + n; r++)
        for (int32_t i = 0; i < r->height; i++)
            for (int32_t begin = 0, end; begin < r->width; begin = end) {
                const float *row = r->prob + i * r->pitch;
                end = begin + BLOCK < r->width ? begin + BLOCK : r->width;
                if (!code->any(row + begin, end - begin, threshold))
                    continue;
                for (int32_t j = begin; j < end; j++)
                    if (row[j] >= threshold) {
                        if (*found < capacity)
                            take(r, i, j, &out[*found]);
                        ++*found;
                    }
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

const fd_image_table fd_cpu_image = {picture_open, picture_close, tiles, candidates, patches, fd_cpu_cuts, l2_rows};
