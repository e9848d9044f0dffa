/* P-Net's stage: the pyramids of all pictures, in strips where the network takes any size, else cut and packed onto canvases of one shape. Both
 * give the same candidates. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "face/analyzer.h"

enum { ALIGN_FLOATS = FD_ALIGN / sizeof(float) };

static int64_t aligned(int64_t floats)
{
    return (floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

static const fd_image_table *image_of(const fd_call *c)
{
    return c->a->engine->kind->image;
}

/* The piece's pixels, to be laid at `offset` with row pitch `pitch` in planes of `plane` floats. */
static fd_tile tile_of(const fd_workspace *w, const fd_piece *p, int64_t offset, int64_t pitch, int64_t plane)
{
    const fd_level *level = &w->levels.level[p->level];
    return (fd_tile){.picture = level->picture, .level_height = level->height, .level_width = level->width, .y = FD_STRIDE * p->row,
                     .x = FD_STRIDE * p->column, .height = p->height, .width = p->width, .offset = offset, .row_pitch = pitch,
                     .plane_pitch = plane};
}

static fd_error *reserve(fd_workspace *w, int32_t n)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&w->tile, &w->capacity_tile, (size_t)n, sizeof *w->tile));
    FD_TRY(fd_grow(&w->region, &w->capacity_region, (size_t)n, sizeof *w->region));
done:
    return err;
}

/* Adds the cells of w->region[n] that reach P-Net's threshold. */
static fd_error *collect(const fd_call *c, int32_t n)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    int64_t found = 1024, room;
    do {
        if (w->candidates + found > INT32_MAX)
            FD_THROW(FD_NOMEM, "%lld places look like faces: too many at a time", (long long)(w->candidates + found));
        FD_TRY(fd_grow(&w->candidate, &w->capacity_candidate, (size_t)(w->candidates + found), sizeof *w->candidate));
        room = (int64_t)w->capacity_candidate - w->candidates;
        FD_TRY(image_of(c)->candidates(c->lane, w->region, n, (float)c->a->config.thresholds[0], w->candidate + w->candidates, room, &found));
    } while (found > room);
    w->candidates += (int32_t)found;
done:
    return err;
}

/* Pieces first..end-1, which follow each other in the image buffer. */
static fd_error *run_strips(const fd_call *c, int32_t first, int32_t end)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    int64_t pixels = 0, cells = 0;
    FD_TRY(reserve(w, end - first));
    for (int32_t i = first; i < end; i++) {
        const fd_piece *p = &w->pieces.piece[i];
        const int64_t plane = (int64_t)p->height * p->width, answers = (int64_t)p->rows * p->columns;
        w->tile[i - first] = tile_of(w, p, pixels, p->width, plane);
        pixels += aligned(3 * plane);
        w->region[i - first] = (fd_region){.tag = p->level, .row = p->row, .column = p->column, .height = p->rows, .width = p->columns,
                                           .pitch = p->columns, .plane = answers};
        cells += aligned(answers);
    }
    FD_TRY(fd_buffer_room(&w->image, c->a->engine, (size_t)pixels * sizeof(float)));
    FD_TRY(fd_buffer_room(&w->box, c->a->engine, (size_t)cells * 4 * sizeof(float)));
    FD_TRY(fd_buffer_room(&w->prob, c->a->engine, (size_t)cells * 2 * sizeof(float)));
    FD_TRY(image_of(c)->tiles(c->lane, c->pictures, w->tile, end - first, w->image.p));
    cells = 0;
    for (int32_t i = first; i < end; i++) {
        const fd_piece *p = &w->pieces.piece[i];
        fd_region *region = &w->region[i - first];
        float *box = (float *)w->box.p + 4 * cells, *prob = (float *)w->prob.p + 2 * cells;
        FD_TRY(fd_net_run_at(c->a->pnet.net, c->lane, (float *)w->image.p + w->tile[i - first].offset, p->height, p->width, box, prob));
        region->box = box;
        region->prob = prob + region->plane;
        cells += aligned(region->plane);
    }
    FD_TRY(collect(c, end - first));
done:
    return err;
}

/* As many pieces at a time as a strip's pixels allow, one at least. */
static fd_error *propose_on_strips(const fd_call *c)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    for (int32_t i = 0; i < w->levels.n; i++)
        FD_TRY(fd_cut_strips(&w->pieces, &w->levels.level[i], i, c->a->strip));
    for (int32_t first = 0, end = 0; first < w->pieces.n; first = end) {
        int64_t pixels = 0;
        do {
            pixels += (int64_t)w->pieces.piece[end].height * w->pieces.piece[end].width;
            end++;
        } while (end < w->pieces.n && pixels + (int64_t)w->pieces.piece[end].height * w->pieces.piece[end].width <= c->a->strip);
        FD_TRY(run_strips(c, first, end));
    }
done:
    return err;
}

/* Pieces first..end-1, which lie on the canvases from `canvas` on. */
static fd_error *run_canvases(const fd_call *c, int32_t first, int32_t end, int32_t canvas)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    const fd_stage *net = &c->a->pnet;
    const int64_t side = c->a->canvas, cells = fd_cells(c->a->canvas), plane = cells * cells;
    const float *box = w->pnet.at[net->output[0]], *prob = w->pnet.at[net->output[1]];
    FD_TRY(reserve(w, end - first));
    for (int32_t i = first; i < end; i++) {
        const fd_piece *p = &w->pieces.piece[i];
        const int64_t on = p->canvas - canvas, cell = p->y / FD_STRIDE * cells + p->x / FD_STRIDE;
        w->tile[i - first] = tile_of(w, p, on * net->sample + p->y * side + p->x, side, side * side);
        w->region[i - first] = (fd_region){.tag = p->level, .row = p->row, .column = p->column, .height = p->rows, .width = p->columns,
                                           .prob = prob + (2 * on + 1) * plane + cell, .box = box + 4 * on * plane + cell,
                                           .pitch = cells, .plane = plane};
    }
    FD_TRY(image_of(c)->tiles(c->lane, c->pictures, w->tile, end - first, w->pnet.input.p));
    FD_TRY(fd_net_run(net->net, c->lane, w->pnet.input.p, w->pnet.at));
    FD_TRY(collect(c, end - first));
done:
    return err;
}

static fd_error *propose_on_canvases(const fd_call *c)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    int32_t canvases = 0;
    FD_TRY(fd_batch_room(&w->pnet, &c->a->pnet, c->a->engine));
    for (int32_t i = 0; i < w->levels.n; i++)
        FD_TRY(fd_cut_tiles(&w->pieces, &w->levels.level[i], i, c->a->canvas));
    FD_TRY(fd_pack_canvases(&w->pieces, c->a->canvas, &canvases));
    for (int32_t first = 0, end = 0; first < w->pieces.n; first = end) {
        const int32_t canvas = w->pieces.piece[first].canvas;
        while (end < w->pieces.n && w->pieces.piece[end].canvas < canvas + c->a->pnet.batch)
            end++;
        FD_TRY(run_canvases(c, first, end, canvas));
    }
done:
    return err;
}

/* Level after level, row after row, column after column: the order that decides ties. */
static int by_cell(const void *a, const void *b)
{
    const fd_candidate *p = a, *q = b;
    if (p->tag != q->tag)
        return p->tag < q->tag ? -1 : 1;
    if (p->row != q->row)
        return p->row < q->row ? -1 : 1;
    return (p->column > q->column) - (p->column < q->column);
}

static void sort_candidates(fd_workspace *w)
{
    for (int32_t i = 1; i < w->candidates; i++)
        if (by_cell(&w->candidate[i - 1], &w->candidate[i]) > 0) {
            qsort(w->candidate, (size_t)w->candidates, sizeof *w->candidate, by_cell);
            return;
        }
}

/* The candidates first..end-1 of one level: the survivors of its suppression go to the end of w->proposal. */
static fd_error *thin_level(fd_workspace *w, int32_t first, int32_t end)
{
    fd_error *err = NULL;
    int32_t n = end - first;
    FD_TRY(fd_grow(&w->proposal, &w->capacity_proposal, (size_t)(w->proposals + n), sizeof *w->proposal));
    fd_proposal *p = w->proposal + w->proposals;
    for (int32_t i = 0; i < n; i++) {
        const fd_candidate *c = &w->candidate[first + i];
        const fd_level *level = &w->levels.level[c->tag];
        p[i] = (fd_proposal){.box = fd_box_of_cell(c->row, c->column, level->scale), .score = c->score, .picture = level->picture};
        memcpy(p[i].move, c->box, sizeof p[i].move);
    }
    FD_TRY(fd_rank(&w->nms, p, n, FD_EARLIER_FIRST));
    FD_TRY(fd_suppress(&w->nms, p, &n, FD_OVERLAP_UNION, 0.5f));
    w->proposals += n;
done:
    return err;
}

/* The proposals from `first` on are those of one picture. */
static fd_error *thin_picture(fd_workspace *w, int32_t first)
{
    fd_error *err = NULL;
    fd_proposal *p = w->proposal + first;
    int32_t n = w->proposals - first;
    FD_TRY(fd_rank(&w->nms, p, n, FD_EARLIER_FIRST));
    FD_TRY(fd_suppress(&w->nms, p, &n, FD_OVERLAP_UNION, 0.7f));
    for (int32_t i = 0; i < n; i++)
        p[i].box = fd_box_square(fd_box_regress(p[i].box, p[i].move, 0.0f));
    w->proposals = first + n;
done:
    return err;
}

/* On the host, whatever the engine. kernels/nms.cu gives the same boxes on a GPU, but nothing is gained by it: ranking and thinning take
 * 0.13 ms of a core for a photograph (123 of 0.9 megapixels in the mean), while the other lane keeps the GPU busy; the survivors' number
 * must come to the host in any case, for it decides how many batches R-Net gets; and a greedy pass is serial: on a GPU a barrier for each
 * survivor, and a photograph of noise has tens of thousands, which the grid of nms.c takes in linear time. */
static fd_error *thin_out(fd_workspace *w)
{
    fd_error *err = NULL;
    w->proposals = 0;
    for (int32_t first = 0, end = 0, start = 0; first < w->candidates; first = end) {
        const int32_t tag = w->candidate[first].tag, picture = w->levels.level[tag].picture;
        while (end < w->candidates && w->candidate[end].tag == tag)
            end++;
        FD_TRY(thin_level(w, first, end));
        if (end == w->candidates || w->levels.level[w->candidate[end].tag].picture != picture) {
            FD_TRY(thin_picture(w, start));
            start = w->proposals;
        }
    }
done:
    return err;
}

fd_error *fd_propose(const fd_call *c)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    const fd_analyzer_config *config = &c->a->config;
    w->levels.n = w->pieces.n = w->candidates = w->proposals = 0;
    for (int i = 0; i < c->n; i++)
        FD_TRY(fd_levels_add(&w->levels, i, c->pictures[i]->width, c->pictures[i]->height, config->min_face, config->factor));
    FD_TRY(fd_net_any_size(c->a->pnet.net) ? propose_on_strips(c) : propose_on_canvases(c));
    sort_candidates(w);
    FD_TRY(thin_out(w));
done:
    return err;
}
