/* A pack on an engine: opening its networks on their fixed batches, and the workspaces of the threads that use it. */
#include "face/analyzer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Small batches leave little unused at the end of a call, and larger ones gain nothing on R-Net, O-Net and MobileFaceNet (Inception-ResNet: 4 %
 * from 2 to 4, 12 % from 4 to 8). A strip and P-Net's answers to it take 18 bytes a pixel: 2.4 MB; its size hardly matters. */
const fd_batches fd_default_batches = {.strip = 128 * 1024, .canvases = 4, .canvas = 159, .rnet = 32, .onet = 16, .embedder = 4};

/* Workspaces that no thread uses now: as many come to be as threads call at once. */
struct fd_workspaces { pthread_mutex_t lock; fd_workspace *first; };

static void workspace_free(fd_workspace *w)
{
    free(w->levels.level);
    free(w->pieces.piece);
    fd_buffer_free(&w->image);
    fd_buffer_free(&w->box);
    fd_buffer_free(&w->prob);
    fd_batch_free(&w->pnet);
    fd_batch_free(&w->rnet);
    fd_batch_free(&w->onet);
    fd_batch_free(&w->embedder);
    free(w->tile);
    free(w->region);
    free(w->candidate);
    free(w->proposal);
    free(w->patch);
    for (int k = 0; k < FD_STAGE_OUTPUTS; k++)
        free(w->host[k]);
    free(w->face);
    free(w->cut);
    fd_nms_work_free(&w->nms);
    free(w);
}

fd_error *fd_workspace_take(const fd_analyzer *a, fd_workspace **out)
{
    pthread_mutex_lock(&a->idle->lock);
    *out = a->idle->first;
    if (*out)
        a->idle->first = (*out)->next;
    pthread_mutex_unlock(&a->idle->lock);
    return *out ? NULL : fd_alloc(out, 1, sizeof **out);
}

void fd_workspace_give(const fd_call *c, const fd_error *failed)
{
    if (failed)
        fd_error_free(c->a->engine->kind->lane_sync(c->lane));
    if (!c->w)
        return;
    pthread_mutex_lock(&c->a->idle->lock);
    c->w->next = c->a->idle->first;
    c->a->idle->first = c->w;
    pthread_mutex_unlock(&c->a->idle->lock);
}

static fd_error *open_detector(fd_analyzer *a, const fd_pack *pack, const fd_batches *b)
{
    fd_error *err = NULL;
    const int64_t cells = fd_cells(b->canvas);
    const fd_stage_wish pnet = {.role = "pnet", .file = &pack->pnet, .batch = b->canvases, .height = b->canvas, .width = b->canvas,
                                .any_size = b->strip > 0, .outputs = 2, .output = {"box", "prob"},
                                .values = {4 * cells * cells, 2 * cells * cells}};
    const fd_stage_wish rnet = {.role = "rnet", .file = &pack->rnet, .batch = b->rnet, .height = 24, .width = 24,
                                .outputs = 2, .output = {"box", "prob"}, .values = {4, 2}};
    const fd_stage_wish onet = {.role = "onet", .file = &pack->onet, .batch = b->onet, .height = 48, .width = 48,
                                .outputs = 3, .output = {"box", "prob", "landmark"}, .values = {4, 2, 10}};
    FD_TRY(fd_stage_open(a->engine, pack, &pnet, &a->pnet));
    FD_TRY(fd_stage_open(a->engine, pack, &rnet, &a->rnet));
    FD_TRY(fd_stage_open(a->engine, pack, &onet, &a->onet));
done:
    return err;
}

fd_error *fd_analyzer_open_with(fd_engine *e, const fd_pack *pack, const fd_analyzer_config *config, const fd_batches *b, fd_analyzer **out)
{
    fd_error *err = NULL;
    fd_analyzer *a = NULL;
    *out = NULL;
    FD_TRY(fd_alloc(&a, 1, sizeof *a));
    FD_TRY(fd_alloc(&a->idle, 1, sizeof *a->idle));
    pthread_mutex_init(&a->idle->lock, NULL);
    a->engine = e;
    a->config = *config;
    a->strip = b->strip;
    a->canvas = b->canvas;
    a->crop = pack->crop;
    a->margin = (int32_t)pack->margin;
    a->resample = pack->resample;
    a->format = pack->format;
    a->dim = pack->dim;
    a->l2 = pack->l2 != 0;
    FD_TRY(open_detector(a, pack, b));
    const fd_stage_wish embedder = {.role = "embedder", .file = &pack->embedder, .batch = b->embedder, .height = pack->format.height,
                                    .width = pack->format.width, .outputs = 1, .output = {NULL}, .values = {pack->dim}};
    FD_TRY(fd_stage_open(e, pack, &embedder, &a->embedder));
    *out = a;
    a = NULL;
done:
    fd_analyzer_close(a);
    return err;
}

fd_error *fd_analyzer_open(fd_engine *e, const fd_pack *pack, const fd_analyzer_config *config, fd_analyzer **out)
{
    return fd_analyzer_open_with(e, pack, config, &fd_default_batches, out);
}

void fd_analyzer_close(fd_analyzer *a)
{
    if (!a)
        return;
    if (a->idle) {
        for (fd_workspace *w = a->idle->first, *next; w; w = next) {
            next = w->next;
            workspace_free(w);
        }
        pthread_mutex_destroy(&a->idle->lock);
        free(a->idle);
    }
    fd_stage_close(&a->pnet);
    fd_stage_close(&a->rnet);
    fd_stage_close(&a->onet);
    fd_stage_close(&a->embedder);
    free(a);
}

fd_error *fd_detect(const fd_analyzer *a, fd_lane *lane, fd_picture *const *pictures, int n, fd_faces *faces)
{
    fd_error *err = NULL;
    fd_call call = {.a = a, .lane = lane, .pictures = pictures, .n = n};
    memset(faces, 0, (size_t)n * sizeof *faces);
    fd_lane_begin(lane, FD_PURPOSE_DETECT, NULL);
    FD_TRY(fd_workspace_take(a, &call.w));
    fd_lane_begin(lane, FD_PURPOSE_DETECT, "P-Net");
    err = fd_propose(&call);
    fd_lane_end(lane);
    FD_TRY(err);
    FD_TRY(fd_refine(&call));
    FD_TRY(fd_settle(&call, faces));
    for (int i = 0; i < n; i++)
        fd_choose(&faces[i], a->config.choice, pictures[i]->width, pictures[i]->height);
done:
    fd_workspace_give(&call, err);
    fd_lane_end(lane);
    for (int i = 0; err && i < n; i++)
        fd_faces_free(&faces[i]);
    return err;
}
