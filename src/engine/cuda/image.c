/* Operators on pixels: a photograph is uploaded once; only boxes and embeddings come back. Jobs are turned into the kernels' form and sent. */
#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/image.h"
#include "engine/cuda/slab.h"
#include "kernels/area_tiles.h"
#include "kernels/l2norm.h"
#include "kernels/patches.h"

/* A picture takes a quarter of the engine's memory at most: what works on it needs the rest. */
static fd_error *keep_pixels(fd_cuda_picture *p, size_t bytes)
{
    fd_cuda_engine *e = fd_cuda_of(p->lane);
    if (bytes > e->pool.bytes / 4)
        return NULL;
    fd_error *err = fd_cuda_take(e, bytes, &p->memory);
    if (fd_error_code(err) != FD_NOMEM)
        return err;
    fd_error_free(err);   /* others lie there: it is sent in parts */
    p->memory = NULL;
    return NULL;
}

static fd_error *picture_open(fd_lane *base, const uint8_t *rgb, int32_t width, int32_t height, int64_t pitch, fd_picture **out)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    fd_cuda_picture *p = NULL;
    const size_t bytes = (size_t)pitch * (size_t)(height - 1) + (size_t)width * 3;
    assert(width >= 1 && width <= 65535 && height >= 1 && height <= 65535 && pitch >= (int64_t)width * 3);
    FD_TRY(fd_alloc(&p, 1, sizeof *p));
    p->base = (fd_picture){base->engine, width, height};
    p->lane = lane;
    p->host = rgb;
    p->host_pitch = pitch;
    p->pinned = fd_cuda_is_pinned(fd_cuda_of(lane), rgb, bytes);
    FD_TRY(keep_pixels(p, (size_t)width * 3 * (size_t)height));
    p->pixels = (fd_pixels){p->memory, (int64_t)width * 3, width, height};
    if (p->memory)
        FD_TRY(fd_cuda_upload_pixels(p, p->memory, &(fd_cuda_rows){rgb, pitch, (size_t)width * 3, height}));
    *out = &p->base;
    p = NULL;
done:
    if (p) {
        fd_cuda_give(fd_cuda_of(lane), lane, p->memory);
        free(p);
    }
    return err;
}

static void picture_close(fd_picture *picture)
{
    fd_cuda_picture *p = (fd_cuda_picture *)picture;
    if (!p)
        return;
    if (p->pinned)
        fd_cuda_wait(fd_cuda(picture->engine), p->lane);   /* the GPU may still read what the caller is about to change */
    fd_cuda_give(fd_cuda(picture->engine), p->lane, p->memory);
    free(p);
}

static fd_area_tile area_tile(const fd_tile *t)
{
    return (fd_area_tile){.rows = t->level_height, .columns = t->level_width, .y = t->y, .x = t->x, .height = t->height, .width = t->width,
                          .offset = t->offset, .row_pitch = t->row_pitch, .plane_pitch = t->plane_pitch};
}

static fd_error *tiles(fd_lane *base, fd_picture *const *pictures, const fd_tile *tile, int n, float *out)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    fd_area_tile *jobs = NULL, *sent;
    int32_t height = 0, width = 0;
    int m = 0;
    FD_TRY(fd_alloc(&jobs, (size_t)n, sizeof *jobs));
    for (int i = 0; i < n; i++) {
        const fd_tile *t = &tile[i];
        const fd_picture *p = pictures[t->picture];
        if (!fd_cuda_is_resident(p)) {
            FD_TRY(fd_cuda_area_parts(&(fd_cuda_area){fd_cuda_picture_of(p), {0, 0, p->width, p->height}, out}, area_tile(t)));
            continue;
        }
        jobs[m] = area_tile(t);
        jobs[m++].picture = *fd_cuda_pixels(p);
        height = t->height > height ? t->height : height;
        width = t->width > width ? t->width : width;
    }
    if (m == 0)
        goto done;
    FD_TRY(fd_cuda_send(lane, jobs, (size_t)m * sizeof *jobs, &sent));
    FD_CUDA(fd_cuda_of(lane), fd_area_tiles(sent, m, height, width, out, fd_cuda_stream(lane)));
done:
    free(jobs);
    return err;
}

static fd_error *patch_in_parts(const fd_picture *p, const fd_patch *patch, int side, float *out)
{
    const fd_area_tile whole = {.rows = side, .columns = side, .height = side, .width = side, .row_pitch = side, .plane_pitch = (int64_t)side * side};
    return fd_cuda_area_parts(&(fd_cuda_area){fd_cuda_picture_of(p), {patch->x1, patch->y1, patch->x2, patch->y2}, out}, whole);
}

/* Patches of resident pictures only. */
static fd_error *resident_patches(fd_cuda_lane *lane, fd_picture *const *pictures, const fd_patch *patch, int n, int side, float *out)
{
    fd_error *err = NULL;
    fd_window_of *jobs = NULL, *sent;
    if (n == 0)
        return NULL;
    FD_TRY(fd_alloc(&jobs, (size_t)n, sizeof *jobs));
    for (int i = 0; i < n; i++)
        jobs[i] = (fd_window_of){*fd_cuda_pixels(pictures[patch[i].picture]), {patch[i].x1, patch[i].y1, patch[i].x2, patch[i].y2}};
    FD_TRY(fd_cuda_send(lane, jobs, (size_t)n * sizeof *jobs, &sent));
    FD_CUDA(fd_cuda_of(lane), fd_patches(sent, n, side, out, fd_cuda_stream(lane)));
done:
    free(jobs);
    return err;
}

static fd_error *patches(fd_lane *base, fd_picture *const *pictures, const fd_patch *patch, int n, int side, float *out)
{
    fd_error *err = NULL;
    const int64_t size = 3 * (int64_t)side * side;
    for (int first = 0, end = 0; first < n; first = end) {
        while (end < n && fd_cuda_is_resident(pictures[patch[end].picture]))
            end++;
        FD_TRY(resident_patches((fd_cuda_lane *)base, pictures, patch + first, end - first, side, out + first * size));
        for (; end < n && !fd_cuda_is_resident(pictures[patch[end].picture]); end++)
            FD_TRY(patch_in_parts(pictures[patch[end].picture], &patch[end], side, out + end * size));
    }
done:
    return err;
}

static fd_error *l2_rows(fd_lane *base, float *rows, int64_t n, int64_t dim)
{
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    return fd_cuda_error(fd_cuda_of(lane), fd_l2norm(rows, n, dim, fd_cuda_stream(lane)), "normalising embeddings");
}

const fd_image_table fd_cuda_image_table = {picture_open, picture_close, tiles, fd_cuda_candidates, patches, fd_cuda_cuts, l2_rows};
