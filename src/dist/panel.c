#include "dist/panel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What a tile is computed from: rows in float32's range, and their norms. */
static fd_error *open_tiles(fd_lane *lane, const fd_panel_desc *d, const float *rows, fd_panel_block *b)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = lane->engine->kind;
    float *staged = NULL;
    const size_t bytes = (size_t)(b->n * d->dim) * sizeof *rows;
    if (d->scale->any) {
        FD_TRY(fd_alloc_aligned(&staged, bytes, 1));
        memcpy(staged, rows, bytes);
        fd_scale_rows(d->scale, staged, b->n, d->dim);
        rows = staged;
    }
    FD_TRY(kind->alloc(lane->engine, bytes, (void **)&b->row));
    FD_TRY(kind->alloc(lane->engine, (size_t)b->n * sizeof *b->norm, (void **)&b->norm));
    FD_TRY(kind->upload(lane, b->row, rows, bytes));
    FD_TRY(kind->distance->norms(lane, b->row, b->n, d->dim, b->norm));
    FD_TRY(kind->lane_sync(lane));
done:
    free(staged);
    return err;
}

/* Pair values need no scaling: they are made in double. */
static fd_error *open_sweeps(fd_lane *lane, const fd_panel_desc *d, const float *rows, fd_panel_block *b)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = lane->engine->kind;
    float *staged = NULL;
    const size_t bytes = (size_t)(b->n * d->dim) * sizeof *rows;
    FD_TRY(kind->alloc(lane->engine, bytes, (void **)&staged));
    FD_TRY(kind->upload(lane, staged, rows, bytes));
    const fd_block_desc desc = {.metric = d->metric, .precision = d->precision, .row = staged, .valid = b->valid, .n = b->n, .dim = d->dim};
    FD_TRY(kind->distance->block_open(lane, &desc, &b->swept));
    FD_TRY(kind->lane_sync(lane));
done:
    if (staged)
        kind->release(lane->engine, staged);
    return err;
}

static fd_error *open_block(fd_lane *lane, const fd_panel_desc *d, const float *rows, const uint8_t *valid, fd_panel_block *b)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&b->valid, (size_t)b->n, 1));
    if (valid)
        memcpy(b->valid, valid, (size_t)b->n);
    else
        memset(b->valid, 1, (size_t)b->n);
    b->all_valid = !memchr(b->valid, 0, (size_t)b->n);
    if (d->tiles)
        FD_TRY(open_tiles(lane, d, rows, b));
    if (d->sweeps)
        FD_TRY(open_sweeps(lane, d, rows, b));
done:
    return err;
}

fd_error *fd_panel_open(fd_lane *lane, const fd_panel_desc *d, int64_t first, int64_t count, fd_panel *out)
{
    fd_error *err = NULL;
    *out = (fd_panel){.engine = lane->engine, .first = first, .count = count};
    err = fd_alloc(&out->block, (size_t)count, sizeof *out->block);
    for (int64_t i = 0; i < count && (!err || d->source.together); i++) {   /* a rank that failed alone still takes part in the reading */
        const float *rows = NULL;
        const uint8_t *valid = NULL;
        const int64_t n = fd_tile_plan_rows(&d->plan, first + i);
        fd_error *unread = d->source.rows(d->source.self, (first + i) * d->plan.side, n, &rows, &valid);
        if (unread) {
            fd_error_free(err);
            err = unread;
            break;
        }
        if (err)
            continue;
        out->block[i].n = n;
        err = open_block(lane, d, rows, valid, &out->block[i]);
    }
    if (err)
        fd_panel_close(out);
    return err;
}

void fd_panel_close(fd_panel *p)
{
    for (int64_t i = 0; p->block && i < p->count; i++) {
        fd_panel_block *b = &p->block[i];
        if (b->row)
            p->engine->kind->release(p->engine, b->row);
        if (b->norm)
            p->engine->kind->release(p->engine, b->norm);
        p->engine->kind->distance->block_close(b->swept);
        free(b->valid);
    }
    free(p->block);
    *p = (fd_panel){0};
}

int64_t fd_panel_bytes(const fd_engine *e, const fd_panel_desc *d, int64_t blocks)
{
    const fd_block_desc desc = {.metric = d->metric, .precision = d->precision, .n = d->plan.side, .dim = d->dim};
    int64_t bytes = d->plan.side + (int64_t)sizeof(fd_panel_block);
    bytes += d->tiles ? d->plan.side * (d->dim + 1) * (int64_t)sizeof(float) : 0;
    bytes += d->sweeps ? (int64_t)e->kind->distance->block_bytes(e, &desc) : 0;
    return blocks * bytes;
}
