/* Faces to embeddings: where the embedder looks, batches of one shape, and whether the numbers mean anything. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "face/analyzer.h"

/* Eyes, nose, corners of the mouth in a 112x112 input: the template of the ArcFace family. */
static const double template112[5][2] = {{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}};

/* The map from the input's pixels to the photograph's: the inverse of landmarks -> template. */
static bool align(const fd_analyzer *a, const fd_face *face, double map[6])
{
    double from[5][2], to[5][2], m[6];
    for (int i = 0; i < 5; i++) {
        from[i][0] = (double)face->landmark[i][0];
        from[i][1] = (double)face->landmark[i][1];
        to[i][0] = template112[i][0] * a->format.width / 112;
        to[i][1] = template112[i][1] * a->format.height / 112;
    }
    if (!fd_similarity(from, to, m))
        return false;
    const double determinant = m[0] * m[0] + m[3] * m[3], c = m[0] / determinant, s = m[3] / determinant;
    const double inverse[6] = {c, s, -c * m[2] - s * m[5], -s, c, s * m[2] - c * m[5]};
    memcpy(map, inverse, sizeof inverse);
    for (int k = 0; k < 6; k++)
        if (!isfinite(map[k]))
            return false;
    return true;
}

/* False when there is nothing to cut out: the cut is then an empty box, which gives zeros. */
static bool cut_of(const fd_analyzer *a, const fd_picture *picture, int32_t index, const fd_face *face, fd_cut *cut)
{
    *cut = (fd_cut){.picture = index, .resample = a->resample};
    if (a->crop == FD_CROP_ALIGN5)
        return cut->warp = align(a, face, cut->map);
    const fd_box box = {face->box[0], face->box[1], face->box[2], face->box[3]};
    const fd_crop_shape shape = {a->format.width, a->format.height, a->margin};
    const fd_window w = fd_box_crop(box, shape, picture->width, picture->height);
    if (w.x2 <= w.x1 || w.y2 <= w.y1)
        return false;
    memcpy(cut->box, (int32_t[4]){w.x1, w.y1, w.x2, w.y2}, sizeof cut->box);
    return true;
}

/* Neither NaN, nor infinite, nor zero. */
static uint8_t is_valid(const float *row, int64_t dim)
{
    bool something = false;
    for (int64_t k = 0; k < dim; k++) {
        if (!isfinite(row[k]))
            return 0;
        something = something || row[k] != 0.0f;
    }
    return something;
}

static fd_error *make_cuts(const fd_call *c, const fd_faces *faces, uint8_t *valid, int64_t *count)
{
    fd_error *err = NULL;
    fd_workspace *w = c->w;
    int64_t m = 0;
    for (int i = 0; i < c->n; i++)
        m += faces[i].n;
    FD_TRY(fd_grow(&w->cut, &w->capacity_cut, (size_t)m, sizeof *w->cut));
    *count = m;
    m = 0;
    for (int i = 0; i < c->n; i++)
        for (int k = 0; k < faces[i].n; k++, m++)
            valid[m] = cut_of(c->a, c->pictures[i], i, &faces[i].face[k], &w->cut[m]);
done:
    return err;
}

static fd_error *embed(const fd_call *c, int64_t first, int64_t n, float *embedding, uint8_t *crops)
{
    fd_error *err = NULL;
    const fd_analyzer *a = c->a;
    const fd_stage *net = &a->embedder;
    const fd_engine_kind *kind = a->engine->kind;
    fd_batch *batch = &c->w->embedder;
    char label[32];
    snprintf(label, sizeof label, "%lld faces", (long long)n);
    fd_lane_begin(c->lane, FD_PURPOSE_EMBED, label);
    FD_TRY(kind->image->cuts(c->lane, c->pictures, c->w->cut + first, (int)n, &a->format, batch->input.p, crops));
    FD_TRY(fd_stage_run(net, c->lane, batch, n, NULL));
    float *rows = batch->at[net->output[0]];
    if (a->l2)
        FD_TRY(kind->image->l2_rows(c->lane, rows, n, a->dim));
    FD_TRY(kind->download(c->lane, embedding, rows, (size_t)(n * a->dim) * sizeof(float)));
done:
    fd_lane_end(c->lane);
    return err;
}

static fd_error *embed_all(const fd_call *c, const fd_faces *faces, float *embedding, uint8_t *valid, uint8_t *crops)
{
    fd_error *err = NULL;
    const fd_analyzer *a = c->a;
    const int64_t crop_bytes = (int64_t)a->format.width * a->format.height * 3;
    int64_t m = 0;
    FD_TRY(make_cuts(c, faces, valid, &m));
    FD_TRY(fd_batch_room(&c->w->embedder, &a->embedder, a->engine));
    for (int64_t first = 0; first < m; first += a->embedder.batch) {
        const int64_t left = m - first, n = left < a->embedder.batch ? left : a->embedder.batch;
        FD_TRY(embed(c, first, n, embedding + first * a->dim, crops ? crops + first * crop_bytes : NULL));
    }
    FD_TRY(a->engine->kind->lane_sync(c->lane));
    for (int64_t i = 0; i < m; i++)
        valid[i] = valid[i] && is_valid(embedding + i * a->dim, a->dim);
done:
    return err;
}

fd_error *fd_embed(const fd_analyzer *a, fd_lane *lane, fd_picture *const *pictures, const fd_faces *faces, int n, float *embedding,
                   uint8_t *valid, uint8_t *crops)
{
    fd_error *err = NULL;
    fd_call call = {.a = a, .lane = lane, .pictures = pictures, .n = n};
    fd_lane_begin(lane, FD_PURPOSE_EMBED, NULL);
    FD_TRY(fd_workspace_take(a, &call.w));
    FD_TRY(embed_all(&call, faces, embedding, valid, crops));
done:
    fd_workspace_give(&call, err);
    fd_lane_end(lane);
    return err;
}
