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
static fd_error *open_sweeps(fd_lane *lane, const fd_panel_desc *d, float **staged, fd_panel_block *b)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = lane->engine->kind;
    const fd_block_desc desc = {.metric = d->metric, .precision = d->precision, .row = *staged, .valid = b->valid, .n = b->n, .dim = d->dim, .given = staged};
    FD_TRY(kind->distance->block_open(lane, &desc, &b->swept));
    FD_TRY(kind->lane_sync(lane));
done:
    return err;
}

/* A block being read, in pieces of as many rows as every source holds at a time. */
typedef struct reading {
    fd_lane *lane;
    const fd_panel_desc *desc;
    float *staged;   /* engine memory: the rows of a block; NULL where none are wanted for sweeps, or the block before kept them */
} reading;

static fd_error *take_piece(const reading *r, fd_panel_block *b, int64_t at, int64_t n, const float *rows, const uint8_t *valid)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = r->lane->engine->kind;
    const fd_panel_desc *d = r->desc;
    if (valid)
        memcpy(b->valid + at, valid, (size_t)n);
    else
        memset(b->valid + at, 1, (size_t)n);
    if (d->tiles)
        FD_TRY(open_tiles(r->lane, d, rows, b));
    if (d->sweeps) {
        FD_TRY(kind->upload(r->lane, r->staged + at * d->dim, rows, (size_t)(n * d->dim) * sizeof *rows));
        FD_TRY(kind->lane_sync(r->lane));
    }
done:
    return err;
}

static fd_error *new_block(reading *r, int64_t n, fd_panel_block *b)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = r->lane->engine->kind;
    b->n = n;
    FD_TRY(fd_alloc(&b->valid, (size_t)n, 1));
    if (r->desc->sweeps && !r->staged)
        FD_TRY(kind->alloc(r->lane->engine, (size_t)(n * r->desc->dim) * sizeof(float), (void **)&r->staged));
done:
    return err;
}

/* Block I of the plan into *b. Returns the source's failure, on all ranks alike where they read together; a rank that *failed alone reads on. */
static fd_error *read_block(reading *r, int64_t I, fd_panel_block *b, fd_error **failed)
{
    const fd_panel_desc *d = r->desc;
    const int64_t rows_of_block = fd_tile_plan_rows(&d->plan, I), piece = d->tiles ? d->plan.side : fd_tile_plan_of(d->plan.n).side;
    if (!*failed)
        *failed = new_block(r, rows_of_block, b);
    for (int64_t at = 0; at < rows_of_block && (!*failed || d->source.together); at += piece) {
        const int64_t n = rows_of_block - at < piece ? rows_of_block - at : piece;
        const float *rows = NULL;
        const uint8_t *valid = NULL;
        fd_error *unread = d->source.rows(d->source.self, I * d->plan.side + at, n, &rows, &valid);
        if (unread)
            return unread;
        if (!*failed)
            *failed = take_piece(r, b, at, n, rows, valid);
    }
    if (!*failed)
        b->all_valid = !memchr(b->valid, 0, (size_t)rows_of_block);
    if (!*failed && d->sweeps)
        *failed = open_sweeps(r->lane, d, &r->staged, b);
    return NULL;
}

fd_error *fd_panel_open(fd_lane *lane, const fd_panel_desc *d, int64_t first, int64_t count, fd_panel *out)
{
    const fd_engine_kind *kind = lane->engine->kind;
    reading r = {.lane = lane, .desc = d};
    *out = (fd_panel){.engine = lane->engine, .first = first, .count = count};
    fd_error *failed = fd_alloc(&out->block, (size_t)count, sizeof *out->block), *unread = NULL;
    fd_lane_begin(lane, FD_PURPOSE_DISTANCES, "rows of distances");
    for (int64_t i = 0; i < count && !unread && (!failed || d->source.together); i++)
        unread = read_block(&r, first + i, out->block + (failed ? 0 : i), &failed);
    if (r.staged)
        kind->release(lane->engine, r.staged);
    fd_lane_end(lane);
    if (unread) {
        fd_error_free(failed);
        failed = unread;
    }
    if (failed)
        fd_panel_close(out);
    return failed;
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
