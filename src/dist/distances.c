/* One thread's tiles: handed to the sink with their mirror images, swept into lists, pairs and counts. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/transpose.h"
#include "dist/panel.h"

typedef struct work {
    const fd_dist_job *job;
    const fd_engine_kind *kind;
    fd_lane *lane;
    float *tile; /* engine memory: [side][pitch] */
    float *host; /* the same where that is the host's, else a copy */
    float *mirror;
    int64_t pitch; /* of tile and host: side of the columns */
    fd_topk own; /* lists of the row of blocks in hand */
} work;

static fd_error *open_work(work *w)
{
    fd_error *err = NULL;
    const fd_dist_job *job = w->job;
    const size_t n = (size_t)(job->side[0] * job->side[1]);
    if (job->lists)
        FD_TRY(fd_lists_own(job->lists, &w->own));
    if (!job->sink.tile)
        return NULL;
    FD_TRY(w->kind->alloc(w->lane->engine, n * sizeof(float), (void **)&w->tile));
    if (w->kind->room)
        FD_TRY(fd_alloc_aligned(&w->host, n, sizeof(float)));
    else
        w->host = w->tile;
    if (job->symmetric)
        FD_TRY(fd_alloc_aligned(&w->mirror, n, sizeof(float)));
done:
    return err;
}

static void close_work(work *w)
{
    if (w->host != w->tile)
        free(w->host);
    if (w->tile)
        w->kind->release(w->lane->engine, w->tile);
    if (w->job->lists)
        fd_lists_release(&w->own);
    free(w->mirror);
}

/* --- the matrix ---------------------------------------------------------------------------------------------------------------------- */

static void put_nan(const fd_panel_block *a, const fd_panel_block *b, float *tile, int64_t pitch)
{
    if (a->all_valid && b->all_valid)
        return;
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t j = 0; j < b->n; j++)
            if (!a->valid[i] || !b->valid[j])
                tile[i * pitch + j] = NAN;
}

static fd_error *store(work *w, int64_t I, int64_t J, const fd_panel_block *a, const fd_panel_block *b)
{
    fd_error *err = NULL;
    const fd_dist_job *job = w->job;
    const fd_tile_sink *sink = &job->sink;
    const fd_rows x = {a->row, a->norm, a->valid, a->n}, y = {b->row, b->norm, b->valid, b->n};
    FD_TRY(w->kind->distance->tile(w->lane, job->metric, &x, &y, job->dim, a == b, w->tile, w->pitch));
    if (w->host != w->tile)
        FD_TRY(w->kind->download(w->lane, w->host, w->tile, (size_t)(a->n * w->pitch) * sizeof(float)));
    FD_TRY(w->kind->lane_sync(w->lane));
    fd_scale_back(job->scale, job->metric, w->host, a->n * w->pitch);
    put_nan(a, b, w->host, w->pitch);
    FD_TRY(sink->tile(sink->self, I, J, w->host, a->n, b->n, w->pitch));
    if (!job->symmetric || I == J)
        return NULL;
    fd_transpose(w->host, a->n, b->n, w->pitch, w->mirror, w->pitch);
    FD_TRY(sink->tile(sink->self, J, I, w->mirror, b->n, a->n, w->pitch));
done:
    return err;
}

/* --- nearest, radius, histogram ------------------------------------------------------------------------------------------------------ */

static fd_error *sweep(work *w, int64_t I, int64_t J, const fd_panel_block *a, const fd_panel_block *b)
{
    fd_error *err = NULL;
    const fd_dist_job *job = w->job;
    const bool columns = job->lists && job->symmetric && I != J;
    fd_radius radius = {.radius = job->radius};
    int64_t *count = NULL;
    fd_sweep s = {.a = a->swept, .b = b->swept, .first_a = I * job->side[0], .first_b = J * job->side[1], .topk_a = w->own,
                  .include_self = job->include_self, .histogram = job->histogram};
    if (job->spill) {
        FD_TRY(fd_spill_buffer(job->spill, a->n * b->n, &radius.pair, &count, &radius.capacity));
        radius.count = *count;
        s.radius = &radius;
    }
    if (columns)
        FD_TRY(fd_lists_lock(job->lists, J, &s.topk_b));
    err = w->kind->distance->sweep(w->lane, &s);
    if (!err)
        err = w->kind->lane_sync(w->lane);
    if (columns)
        fd_lists_unlock(job->lists, J);
    if (count)
        *count = radius.count;
done:
    return err;
}

/* --- all --------------------------------------------------------------------------------------------------------------------------- */

static fd_error *run(work *w, int64_t I, int64_t J, int64_t count)
{
    fd_error *err = NULL;
    const fd_dist_job *job = w->job;
    const fd_panel_block *a = &job->a->block[I - job->a->first];
    const bool sweeps = job->lists || job->spill || job->histogram;
    char label[80];
    snprintf(label, sizeof label, "%lld tiles from (%lld, %lld) on", (long long)count, (long long)I, (long long)J);
    fd_lane_begin(w->lane, FD_PURPOSE_DISTANCES, label);
    if (job->lists)
        FD_TRY(fd_lists_borrow(job->lists, I, &w->own));
    for (int64_t k = J; k < J + count; k++) {
        const fd_panel_block *b = &job->b->block[k - job->b->first];
        if (job->sink.tile)
            FD_TRY(store(w, I, k, a, b));
        if (sweeps)
            FD_TRY(sweep(w, I, k, a, b));
    }
    if (job->lists)
        FD_TRY(fd_lists_merge(job->lists, I, &w->own));
done:
    fd_lane_end(w->lane);
    return err;
}

fd_error *fd_distances(fd_lane *lane, const fd_dist_job *job)
{
    fd_error *err = NULL;
    work w = {.job = job, .kind = lane->engine->kind, .lane = lane, .pitch = job->side[1]};
    int64_t I = 0, J = 0, count = 0;
    assert(job->dim > 0);
    FD_TRY(open_work(&w));
    while ((count = fd_deal_take(job->deal, &I, &J)) > 0)
        FD_TRY(run(&w, I, J, count));
done:
    close_work(&w);
    return err;
}
