/* Sample faces with their nearest neighbours, by the embeddings that the result has. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "dist/roc.h"
#include "run/page/page.h"

enum { NEIGHBOURS = 7, BLOCK = 4096 };

typedef struct near {
    double score;
    int64_t face;
} near;   /* score: larger is nearer */

/* A face and the nearest others so far. */
typedef struct sample {
    int64_t face;
    float *row;
    near nearest[NEIGHBOURS];
    int n;
} sample;

static void consider(sample *s, double score, int64_t face)
{
    int at = s->n;
    while (at > 0 && score > s->nearest[at - 1].score)   /* of equal ones the earlier stays in front */
        at--;
    if (at == NEIGHBOURS || isnan(score))
        return;
    s->n += s->n < NEIGHBOURS;
    for (int i = s->n - 1; i > at; i--)
        s->nearest[i] = s->nearest[i - 1];
    s->nearest[at] = (near){score, face};
}

/* Faces with a valid embedding, evenly spread over all. Returns how many. */
static int choose(const fd_page *p, sample *samples, int most)
{
    int64_t valid = 0, seen = 0;
    int n = 0;
    for (int64_t i = 0; i < p->faces; i++)
        valid += !p->valid || p->valid[i];
    for (int64_t i = 0; i < p->faces && n < most; i++)
        if ((!p->valid || p->valid[i]) && seen++ >= n * valid / most)
            samples[n++].face = i;
    return n;
}

/* All faces against the samples, block by block. */
static fd_error *search(fd_page *p, sample *samples, int n)
{
    fd_error *err = NULL;
    float *rows = NULL;
    int64_t count = 0;
    for (int k = 0; k < n; k++)
        FD_TRY(fd_result_read(p->file, "/faces/embedding", FD_COL_F32, samples[k].face, 1, (void **)&samples[k].row, &count));
    for (int64_t first = 0; first < p->faces; first += BLOCK) {
        FD_TRY(fd_result_read(p->file, "/faces/embedding", FD_COL_F32, first, p->faces - first < BLOCK ? p->faces - first : BLOCK,
                              (void **)&rows, &count));
        for (int k = 0; k < n; k++)
            for (int64_t i = 0; i < count; i++)
                if (first + i != samples[k].face && (!p->valid || p->valid[first + i]))
                    consider(&samples[k], fd_pair_score(p->metric, fd_pair_value(p->metric, samples[k].row, rows + i * p->dim, p->dim)),
                             first + i);
        free(rows);
        rows = NULL;
    }
done:
    free(rows);
    return err;
}

static fd_error *show(fd_page *p, const sample *s)
{
    fd_error *err = NULL;
    char caption[48];
    FD_TRY(fd_string_add(&p->html, "<div class=\"row\">\n"));
    FD_TRY(fd_page_face(p, s->face, "sample", false));
    for (int i = 0; i < s->n; i++) {
        const double distance = fd_pair_score(p->metric, s->nearest[i].score);
        const bool same = s->nearest[i].score > fd_pair_score(p->metric, p->threshold);   /* false where there is none */
        snprintf(caption, sizeof caption, "%.4f", distance);
        FD_TRY(fd_page_face(p, s->nearest[i].face, caption, same));
    }
    FD_TRY(fd_string_add(&p->html, "</div>\n"));
done:
    return err;
}

fd_error *fd_page_faces(fd_page *p)
{
    fd_error *err = NULL;
    const int most = (int)fd_opt_int(p->options, "samples");
    sample *samples = NULL;
    int n = 0;
    if (most == 0 || !p->image)
        return NULL;
    FD_TRY(fd_page_section(p, "faces", "Sample faces and their nearest neighbours"));
    FD_TRY(fd_alloc(&samples, (size_t)most, sizeof *samples));
    n = p->dim > 0 ? choose(p, samples, most) : 0;
    FD_TRY(search(p, samples, n));
    if (n == 0)
        FD_TRY(fd_page_say(p, "", "There is no face with a valid embedding."));
    else
        FD_TRY(fd_page_say(p, "note", "%d of %lld faces, evenly chosen; beside each those that are nearest to it, with their %s%s.", n,
                           (long long)p->faces, p->measure, isnan(p->threshold) ? "" : " (green: within the model's threshold)"));
    for (int k = 0; k < n; k++)
        FD_TRY(show(p, &samples[k]));
    if (n > 0)
        FD_TRY(fd_page_say_thumbs(p));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    for (int k = 0; samples && k < n; k++)
        free(samples[k].row);
    free(samples);
    return err;
}
