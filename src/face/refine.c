/* R-Net's and O-Net's stages: patches of all pictures of the call, batch after batch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "face/analyzer.h"

enum { RNET_SIDE = 24, ONET_SIDE = 48 };

/* w->patch for w->proposal; proposals that have none are dropped. */
static fd_error *make_patches(const fd_call *c)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    int32_t n = 0;
    FD_TRY(fd_grow(&w->patch, &w->capacity_patch, (size_t)w->proposals, sizeof *w->patch));
    for (int32_t i = 0; i < w->proposals; i++) {
        const fd_proposal p = w->proposal[i];
        fd_window window;
        if (!fd_box_patch(p.box, c->pictures[p.picture]->width, c->pictures[p.picture]->height, &window))
            continue;
        w->patch[n] = (fd_patch){.picture = p.picture, .x1 = window.x1, .y1 = window.y1, .x2 = window.x2, .y2 = window.y2};
        w->proposal[n++] = p;
    }
    w->proposals = n;
done:
    return err;
}

/* n patches from the first-th on, as one batch, whose answers come to host[]. */
static fd_error *ask_batch(const fd_call *c, const fd_stage *net, fd_batch *batch, int side, int64_t first, int64_t n)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    float *host[FD_STAGE_OUTPUTS];
    char label[64];
    snprintf(label, sizeof label, "%s, %lld of %lld patches", side == RNET_SIDE ? "R-Net" : "O-Net", (long long)n, (long long)w->proposals);
    fd_lane_begin(c->lane, FD_PURPOSE_DETECT, label);
    for (int k = 0; k < net->outputs; k++)
        host[k] = w->host[k] + first * net->values[k];
    FD_TRY(c->a->engine->kind->image->patches(c->lane, c->pictures, w->patch + first, (int)n, side, batch->input.p));
    FD_TRY(fd_stage_run(net, c->lane, batch, n, host));
done:
    fd_lane_end(c->lane);
    return err;
}

/* The network's answers on the patches of all proposals, in w->host. */
static fd_error *ask(const fd_call *c, const fd_stage *net, fd_batch *batch, int side)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    FD_TRY(make_patches(c));
    FD_TRY(fd_batch_room(batch, net, c->a->engine));
    for (int k = 0; k < net->outputs; k++)
        FD_TRY(fd_grow(&w->host[k], &w->capacity_host[k], (size_t)(w->proposals * net->values[k]), sizeof(float)));
    for (int64_t first = 0; first < w->proposals; first += net->batch) {
        const int64_t left = w->proposals - first, n = left < net->batch ? left : net->batch;
        FD_TRY(ask_batch(c, net, batch, side, first, n));
    }
    FD_TRY(c->a->engine->kind->lane_sync(c->lane));
done:
    return err;
}

/* One past the last proposal of the picture that proposal `first` belongs to. */
static int32_t picture_end(const fd_workspace *w, int32_t first)
{
    int32_t end = first;
    while (end < w->proposals && w->proposal[end].picture == w->proposal[first].picture)
        end++;
    return end;
}

fd_error *fd_refine(const fd_call *c)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    const float limit = (float)c->a->config.thresholds[1];
    FD_TRY(ask(c, &c->a->rnet, &w->rnet, RNET_SIDE));
    const float *box = w->host[0], *prob = w->host[1];
    int32_t kept = 0;
    for (int32_t first = 0, end; first < w->proposals; first = end) {
        end = picture_end(w, first);
        int32_t n = 0;
        fd_proposal *p = w->proposal + kept;
        for (int32_t i = first; i < end; i++) {
            if (!(prob[2 * i + 1] > limit))
                continue;
            p[n] = w->proposal[i];
            p[n].score = prob[2 * i + 1];
            memcpy(p[n++].move, box + 4 * i, sizeof p->move);
        }
        FD_TRY(fd_rank(&w->nms, p, n, FD_EARLIER_FIRST));
        FD_TRY(fd_suppress(&w->nms, p, &n, FD_OVERLAP_UNION, 0.7f));
        for (int32_t i = 0; i < n; i++)
            p[i].box = fd_box_square(fd_box_regress(p[i].box, p[i].move, 1.0f));
        kept += n;
    }
    w->proposals = kept;
done:
    return err;
}

/* Proposal's place among w->face: kept through ranking in `move`, which O-Net's stage no longer needs. */
static void remember(fd_proposal *p, int32_t place)
{
    memcpy(p->move, &place, sizeof place);
}

static int32_t remembered(const fd_proposal *p)
{
    int32_t place;
    memcpy(&place, p->move, sizeof place);
    return place;
}

/* Fills w->face[i] from O-Net's answer to proposal i. */
static void make_face(fd_workspace *w, int32_t i)
{
    const float *move = w->host[0] + 4 * i, *p = w->host[2] + 10 * i;
    const fd_box b = w->proposal[i].box, moved = fd_box_regress(b, move, 1.0f);
    fd_face *f = &w->face[i];
    for (int k = 0; k < 5; k++) {
        f->landmark[k][0] = fd_box_landmark(b.x1, b.x2, p[k]);
        f->landmark[k][1] = fd_box_landmark(b.y1, b.y2, p[5 + k]);
    }
    f->score = w->host[1][2 * i + 1];
    memcpy(f->box, (float[4]){moved.x1, moved.y1, moved.x2, moved.y2}, sizeof f->box);
    w->proposal[i].box = moved;
}

/* Largest first; of equal ones the later. NaN (a network's, never a photograph's) counts as 0. */
static fd_error *rank_by_area(fd_nms_work *w, fd_proposal *p, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const float area = fd_box_area(p[i].box);
        p[i].score = area > 0.0f ? area : 0.0f;
    }
    return fd_rank(w, p, n, FD_LATER_FIRST);
}

static fd_error *take_faces(fd_workspace *w, const fd_proposal *p, int32_t n, fd_faces *out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&out->face, (size_t)n, sizeof *out->face));
    for (int32_t i = 0; i < n; i++)
        out->face[i] = w->face[remembered(&p[i])];
    out->n = n;
done:
    return err;
}

fd_error *fd_settle(const fd_call *c, fd_faces *faces)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    const float limit = (float)c->a->config.thresholds[2];
    FD_TRY(ask(c, &c->a->onet, &w->onet, ONET_SIDE));
    FD_TRY(fd_grow(&w->face, &w->capacity_face, (size_t)w->proposals, sizeof *w->face));
    for (int32_t first = 0, end; first < w->proposals; first = end) {
        end = picture_end(w, first);
        int32_t n = 0;
        fd_proposal *p = w->proposal + first;
        for (int32_t i = first; i < end; i++) {
            if (!(w->host[1][2 * i + 1] > limit))
                continue;
            make_face(w, i);
            p[n] = w->proposal[i];
            p[n].score = w->face[i].score;
            remember(&p[n++], i);
        }
        FD_TRY(fd_rank(&w->nms, p, n, FD_LATER_FIRST));
        FD_TRY(fd_suppress(&w->nms, p, &n, FD_OVERLAP_MIN, 0.7f));
        FD_TRY(rank_by_area(&w->nms, p, n));
        if (n > 0)
            FD_TRY(take_faces(w, p, n, &faces[p[0].picture]));
    }
done:
    return err;
}
