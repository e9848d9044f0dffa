/* One part's tiles, computed on one lane and handed to the sink with their mirror images. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dist/scale.h"

/* A block of rows in the engine. */
typedef struct block {
    int64_t index; /* -1: none yet */
    int64_t n;
    float *row; /* engine memory: [side][dim] */
    uint8_t *valid; /* host: [side] */
    bool all_valid;
} block;

typedef struct work {
    const fd_dist_job *job;
    const fd_engine_kind *kind;
    fd_engine *engine;
    fd_lane *lane;
    fd_tile_plan plan;
    fd_scale scale;
    block a, b; /* of tile (I, J): blocks I and J */
    float *norm; /* engine memory, [blocks][side]: each block's once */
    uint8_t *has_norm; /* [blocks] */
    float *tile; /* engine memory: [side][side] */
    float *host, *mirror; /* [side][side] */
    float *staged; /* [side][dim] host: rows that had to be scaled */
} work;

/* --- memory -------------------------------------------------------------------------------------------------------------------------- */

static fd_error *open_block(const work *w, block *b)
{
    fd_error *err = NULL;
    b->index = -1;
    FD_TRY(w->kind->alloc(w->engine, (size_t)w->plan.side * (size_t)w->job->dim * sizeof(float), (void **)&b->row));
    FD_TRY(fd_alloc(&b->valid, (size_t)w->plan.side, 1));
done:
    return err;
}

static fd_error *open_work(work *w)
{
    fd_error *err = NULL;
    size_t side = (size_t)w->plan.side, blocks = (size_t)w->plan.blocks;
    FD_TRY(open_block(w, &w->a));
    FD_TRY(open_block(w, &w->b));
    FD_TRY(w->kind->alloc(w->engine, blocks * side * sizeof(float), (void **)&w->norm));
    FD_TRY(w->kind->alloc(w->engine, side * side * sizeof(float), (void **)&w->tile));
    FD_TRY(fd_alloc(&w->has_norm, blocks, 1));
    FD_TRY(fd_alloc_aligned(&w->host, side * side, sizeof(float)));
    FD_TRY(fd_alloc_aligned(&w->mirror, side * side, sizeof(float)));
    if (w->scale.any)
        FD_TRY(fd_alloc_aligned(&w->staged, side * (size_t)w->job->dim, sizeof(float)));
done:
    return err;
}

static void close_work(work *w)
{
    w->kind->release(w->engine, w->a.row);
    w->kind->release(w->engine, w->b.row);
    w->kind->release(w->engine, w->norm);
    w->kind->release(w->engine, w->tile);
    free(w->a.valid);
    free(w->b.valid);
    free(w->has_norm);
    free(w->host);
    free(w->mirror);
    free(w->staged);
}

/* --- one tile ------------------------------------------------------------------------------------------------------------------------ */

static fd_error *load(work *w, block *b, int64_t index)
{
    fd_error *err = NULL;
    const float *rows = NULL;
    const uint8_t *valid = NULL;
    const int64_t dim = w->job->dim;
    if (b->index == index)
        return NULL;
    b->index = -1;
    b->n = fd_tile_plan_rows(&w->plan, index);
    FD_TRY(w->job->source.rows(w->job->source.self, index * w->plan.side, b->n, &rows, &valid));
    if (valid)
        memcpy(b->valid, valid, (size_t)b->n);
    else
        memset(b->valid, 1, (size_t)b->n);
    b->all_valid = !memchr(b->valid, 0, (size_t)b->n);
    if (w->scale.any) {
        memcpy(w->staged, rows, (size_t)(b->n * dim) * sizeof(float));
        fd_scale_rows(&w->scale, w->staged, b->n, dim);
        rows = w->staged;
    }
    FD_TRY(w->kind->upload(w->lane, b->row, rows, (size_t)(b->n * dim) * sizeof(float)));
    if (!w->has_norm[index])
        FD_TRY(w->kind->distance->norms(w->lane, b->row, b->n, dim, w->norm + index * w->plan.side));
    w->has_norm[index] = 1;
    FD_TRY(w->kind->lane_sync(w->lane)); /* the source's memory is its own again */
    b->index = index;
done:
    return err;
}

static void put_nan(const block *a, const block *b, float *tile, int64_t pitch)
{
    if (a->all_valid && b->all_valid)
        return;
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t j = 0; j < b->n; j++)
            if (!a->valid[i] || !b->valid[j])
                tile[i * pitch + j] = NAN;
}

/* to [columns][pitch] = from [rows][pitch] transposed, in squares that stay in the first cache. */
static void transpose(const float *from, int64_t rows, int64_t columns, int64_t pitch, float *to)
{
    enum { SQUARE = 16 };
    for (int64_t y = 0; y < rows; y += SQUARE)
        for (int64_t x = 0; x < columns; x += SQUARE)
            for (int64_t i = y; i < y + SQUARE && i < rows; i++)
                for (int64_t j = x; j < x + SQUARE && j < columns; j++)
                    to[j * pitch + i] = from[i * pitch + j];
}

static fd_error *compute(work *w, int64_t I, int64_t J)
{
    fd_error *err = NULL;
    const int64_t side = w->plan.side;
    const fd_tile_sink *sink = &w->job->sink;
    const bool same = I == J;
    FD_TRY(load(w, &w->a, I));
    if (!same)
        FD_TRY(load(w, &w->b, J));
    const block *a = &w->a, *b = same ? a : &w->b;
    const fd_rows x = {a->row, w->norm + I * side, a->valid, a->n}, y = {b->row, w->norm + J * side, b->valid, b->n};
    FD_TRY(w->kind->distance->tile(w->lane, w->job->metric, &x, &y, w->job->dim, same, w->tile, side));
    FD_TRY(w->kind->download(w->lane, w->host, w->tile, (size_t)(a->n * side) * sizeof(float)));
    FD_TRY(w->kind->lane_sync(w->lane));
    fd_scale_back(&w->scale, w->job->metric, w->host, a->n * side);
    put_nan(a, b, w->host, side);
    FD_TRY(sink->tile(sink->self, I, J, w->host, a->n, b->n, side));
    if (same)
        return NULL;
    transpose(w->host, a->n, b->n, side, w->mirror);
    FD_TRY(sink->tile(sink->self, J, I, w->mirror, b->n, a->n, side));
done:
    return err;
}

fd_error *fd_distances(fd_engine *e, fd_lane *lane, const fd_dist_job *job)
{
    fd_error *err = NULL;
    work w = {.job = job, .kind = e->kind, .engine = e, .lane = lane, .plan = fd_tile_plan_of(job->n)};
    int64_t first = 0, count = fd_tile_plan_share(&w.plan, job->parts, job->part, &first);
    assert(job->dim > 0);
    if (count == 0)
        return NULL;
    FD_TRY(fd_scale_of(job, &w.scale));
    FD_TRY(open_work(&w));
    for (int64_t k = 0; k < count; k++) {
        int64_t I = 0, J = 0;
        fd_tile_plan_at(&w.plan, first + k, &I, &J);
        FD_TRY(compute(&w, I, J));
        if (job->progress)
            job->progress(job->progress_self, k + 1, count);
    }
done:
    close_work(&w);
    return err;
}
