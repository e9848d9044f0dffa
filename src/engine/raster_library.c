/* A window over a picture is the convolution of networks, of one channel to one; the channels are the batch. */
#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/op.h"
#include "engine/raster.h"
#include "kernels/math/border.h"

typedef struct call {
    const fd_op_table *table;
    fd_op_desc desc;
    fd_op *op;
    float *host;              /* the picture in planes, with its border; then the sums */
    void *in, *out, *scratch; /* in the engine's memory */
} call;

static fd_tensor planes(const fd_engine *e, const fd_raster *r, int64_t rows, int64_t columns)
{
    fd_tensor t = {.rank = 4, .dim = {r->channels, 1, rows, columns}, .layout = FD_PLAIN};
    e->kind->op->measure(e, &t);
    return t;
}

/* [channels][height + rows - 1][width + columns - 1] */
static void extend(const fd_convolution *c, const fd_raster *from, float *out)
{
    for (int32_t k = 0; k < from->channels; k++)
        for (int64_t v = 0; v < from->height + c->rows - 1; v++) {
            const int64_t y = fd_border_index(v - c->anchor_row, from->height, (int)c->border);
            for (int64_t u = 0; u < from->width + c->columns - 1; u++) {
                const int64_t x = fd_border_index(u - c->anchor_column, from->width, (int)c->border);
                *out++ = y < 0 || x < 0 ? c->constant : fd_raster_get(from, (y * from->width + x) * from->channels + k);
            }
        }
}

static void take(const float *sums, const fd_raster *to)
{
    const int64_t pixels = (int64_t)to->width * to->height;
    for (int32_t k = 0; k < to->channels; k++)
        for (int64_t i = 0; i < pixels; i++)
            fd_raster_put(to, i * to->channels + k, *sums++);
}

static fd_error *open_call(call *p, fd_engine *e, const fd_convolution *c, const fd_raster *r)
{
    fd_error *err = NULL;
    p->table = e->kind->op;
    p->desc = (fd_op_desc){.kind = FD_OP_CONV, .name = "window", .inputs = 1, .kernel = {c->rows, c->columns}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1,
                           .weight = c->taps};
    p->desc.input[0] = planes(e, r, (int64_t)r->height + c->rows - 1, (int64_t)r->width + c->columns - 1);
    p->desc.output = planes(e, r, r->height, r->width);
    FD_TRY(p->table->prepare(e, &p->desc, &p->op));
    FD_TRY(fd_alloc_aligned(&p->host, p->desc.input[0].bytes, 1));
    FD_TRY(e->kind->alloc(e, p->desc.input[0].bytes, &p->in));
    FD_TRY(e->kind->alloc(e, p->desc.output.bytes, &p->out));
    FD_TRY(e->kind->alloc(e, p->table->scratch(p->op) + 1, &p->scratch));
done:
    return err;
}

static void close_call(call *p, fd_engine *e)
{
    void *arrays[] = {p->in, p->out, p->scratch};
    for (int k = 0; k < 3; k++)
        if (arrays[k])
            e->kind->release(e, arrays[k]);
    free(p->host);
    p->table->release(p->op);
}

fd_error *fd_convolve_by_library(fd_lane *lane, const fd_convolution *c, const fd_raster *from, const fd_raster *to)
{
    fd_error *err = NULL;
    fd_engine *e = lane->engine;
    call p = {0};
    assert(!c->across && from->width == to->width && from->height == to->height && from->channels == to->channels && from->type == to->type);
    FD_TRY(open_call(&p, e, c, from));
    extend(c, from, p.host);
    const void *const in[] = {p.in};
    FD_TRY(e->kind->upload(lane, p.in, p.host, p.desc.input[0].bytes));
    FD_TRY(p.table->run(p.op, lane, in, p.out, p.scratch));
    FD_TRY(e->kind->download(lane, p.host, p.out, p.desc.output.bytes));
    FD_TRY(e->kind->lane_sync(lane));
    take(p.host, to);
done:
    close_call(&p, e);
    return err;
}
