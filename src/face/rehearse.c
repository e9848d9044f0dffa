/* Batches as large as the device likes and its memory allows. */
#include "face/analyzer.h"

/* base * width / 2^halvings, at least `least`. */
static int64_t scaled(int64_t base, int width, int halvings, int64_t least)
{
    const int64_t n = base * width >> halvings;
    return n < least ? least : n;
}

static fd_batches batches_of(int width, int halvings)
{
    const fd_batches *base = &fd_default_batches;
    return (fd_batches){.strip = scaled(base->strip, width, halvings, 4096),
                        .canvases = scaled(base->canvases, width, halvings, 1),
                        .canvas = base->canvas,
                        .rnet = scaled(base->rnet, width, halvings, 1),
                        .onet = scaled(base->onet, width, halvings, 1),
                        .embedder = scaled(base->embedder, width, halvings, 1)};
}

bool fd_batches_for(const fd_engine *e, int halvings, fd_batches *out)
{
    const int width = e->kind->width > 1 ? e->kind->width : 1;
    *out = batches_of(width, halvings);
    if (halvings == 0)
        return true;
    const fd_batches before = batches_of(width, halvings - 1);
    return out->strip != before.strip || out->canvases != before.canvases || out->rnet != before.rnet || out->onet != before.onet ||
           out->embedder != before.embedder;
}

/* What one call grows to: inputs and outputs of all networks, a strip of the pyramid with what P-Net says of it. */
static fd_error *fill(const fd_analyzer *a, fd_workspace *w)
{
    fd_error *err = NULL;
    const size_t strip = (size_t)a->strip + (size_t)a->strip / 8;   /* pieces overlap and are aligned */
    FD_TRY(fd_batch_room(&w->rnet, &a->rnet, a->engine));
    FD_TRY(fd_batch_room(&w->onet, &a->onet, a->engine));
    FD_TRY(fd_batch_room(&w->embedder, &a->embedder, a->engine));
    if (!fd_net_any_size(a->pnet.net)) {
        FD_TRY(fd_batch_room(&w->pnet, &a->pnet, a->engine));
    } else {
        FD_TRY(fd_buffer_room(&w->image, a->engine, strip * 3 * sizeof(float)));
        FD_TRY(fd_buffer_room(&w->box, a->engine, strip * sizeof(float)));        /* 4 numbers for a cell of 4 pixels */
        FD_TRY(fd_buffer_room(&w->prob, a->engine, strip / 2 * sizeof(float)));
    }
done:
    return err;
}

static size_t largest_arena(const fd_analyzer *a)
{
    const fd_stage *const stages[] = {&a->rnet, &a->onet, &a->embedder, fd_net_any_size(a->pnet.net) ? &a->rnet : &a->pnet};
    size_t bytes = 0;
    for (int i = 0; i < 4; i++)
        bytes = fd_net_arena_bytes(stages[i]->net) > bytes ? fd_net_arena_bytes(stages[i]->net) : bytes;
    return bytes;
}

/* One lane and one workspace more than those that are held already. The workspace stays with the analyzer, the lane goes. */
fd_error *fd_analyzer_rehearse(const fd_analyzer *a, int lanes)
{
    fd_error *err = NULL;
    fd_call call = {.a = a};
    void *scratch;
    if (lanes == 0)
        return NULL;
    FD_TRY(fd_lane_open(a->engine, &call.lane));
    FD_TRY(a->engine->kind->lane_scratch(call.lane, largest_arena(a), &scratch));
    FD_TRY(fd_workspace_take(a, &call.w));
    FD_TRY(fill(a, call.w));
    FD_TRY(fd_analyzer_rehearse(a, lanes - 1));
done:
    if (call.lane)
        fd_workspace_give(&call, err);
    fd_lane_close(call.lane);
    return err;
}
