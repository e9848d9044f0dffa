#include "run/compare/compare_side.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

typedef struct source { fd_result *file; char name[FD_ESCAPED]; } source;

/* One dataset whole, with *rows entries (-1: any; set to what there are) of `width` numbers each. */
static fd_error *column(source *from, const char *path, fd_column_type type, int64_t *rows, int64_t width, void **out)
{
    fd_error *err = NULL;
    int rank = 0;
    int64_t dim[4], columns = 1;
    FD_TRY(fd_result_shape(from->file, path, &rank, dim));
    for (int i = 1; i < rank; i++)
        columns *= dim[i];
    if (rank == 0 || (*rows >= 0 && dim[0] != *rows) || columns != width)
        FD_THROW(FD_FORMAT, "%s: %s has not the shape it should have", from->name, path);
    FD_TRY(fd_result_read(from->file, path, type, 0, -1, out, rows));
done:
    return err;
}

/* The same for a dataset that may be absent: *out stays NULL. */
static fd_error *optional(source *from, const char *path, fd_column_type type, int64_t *rows, int64_t width, void **out)
{
    return fd_result_has(from->file, path) ? column(from, path, type, rows, width, out) : NULL;
}

static int by_path(const void *a, const void *b, void *paths)
{
    int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    int order = strcmp(((char *const *)paths)[i], ((char *const *)paths)[j]);
    return order ? order : (i > j) - (i < j);
}

/* Groups the faces by image: a counting sort that keeps their order. */
static fd_error *group_faces(fd_side *s, const int64_t *image, const char *name)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&s->first, (size_t)s->images + 2, sizeof *s->first));
    FD_TRY(fd_alloc(&s->face, (size_t)s->faces, sizeof *s->face));
    for (int64_t f = 0; f < s->faces; f++) {
        if (image[f] < 0 || image[f] >= s->images)
            FD_THROW(FD_FORMAT, "%s: face %lld belongs to image %lld of %lld", name, (long long)f, (long long)image[f], (long long)s->images);
        s->first[image[f] + 2]++;
    }
    for (int64_t i = 0; i < s->images; i++)
        s->first[i + 2] += s->first[i + 1];
    for (int64_t f = 0; f < s->faces; f++)   /* first[i + 1] runs from the start of image i to its end, where image i + 1 starts */
        s->face[s->first[image[f] + 1]++] = f;
done:
    return err;
}

static fd_error *read_embeddings(source *from, fd_side *s)
{
    fd_error *err = NULL;
    int rank = 0;
    int64_t dim[4] = {0};
    if (!fd_result_has(from->file, "/faces/embedding"))
        return NULL;
    FD_TRY(fd_result_shape(from->file, "/faces/embedding", &rank, dim));
    s->dim = rank == 2 ? dim[1] : 0;
    FD_TRY(column(from, "/faces/embedding", FD_COL_F32, &s->faces, s->dim, (void **)&s->embedding));
done:
    return err;
}

fd_error *fd_side_read(fd_result *r, const char *path, fd_side *s)
{
    fd_error *err = NULL;
    int64_t *image = NULL;
    source from = {.file = r};
    fd_escape(from.name, sizeof from.name, path);
    s->images = s->faces = -1;
    FD_TRY(column(&from, "/images/path", FD_COL_TEXT, &s->images, 1, (void **)&s->path));
    FD_TRY(optional(&from, "/images/status", FD_COL_I32, &s->images, 1, (void **)&s->status));
    FD_TRY(column(&from, "/faces/image", FD_COL_I64, &s->faces, 1, (void **)&image));
    FD_TRY(column(&from, "/faces/box", FD_COL_F32, &s->faces, 4, (void **)&s->box));
    FD_TRY(optional(&from, "/faces/landmarks", FD_COL_F32, &s->faces, 10, (void **)&s->landmark));
    FD_TRY(optional(&from, "/faces/score", FD_COL_F32, &s->faces, 1, (void **)&s->score));
    FD_TRY(read_embeddings(&from, s));
    FD_TRY(group_faces(s, image, from.name));
    FD_TRY(fd_alloc(&s->sorted, (size_t)s->images, sizeof *s->sorted));
    for (int64_t i = 0; i < s->images; i++)
        s->sorted[i] = i;
    qsort_r(s->sorted, (size_t)s->images, sizeof *s->sorted, by_path, s->path);
done:
    free(image);
    return err;
}

void fd_side_free(fd_side *s)
{
    free(s->path);
    free(s->status);
    free(s->sorted);
    free(s->first);
    free(s->face);
    free(s->box);
    free(s->landmark);
    free(s->score);
    free(s->embedding);
}

/* --- matching ------------------------------------------------------------------------------------------------------------------------ */

/* Intersection over union; two boxes without area are the same or strangers. */
static double overlap(const float *a, const float *b)
{
    double x1 = a[0] > b[0] ? a[0] : b[0], y1 = a[1] > b[1] ? a[1] : b[1], x2 = a[2] < b[2] ? a[2] : b[2], y2 = a[3] < b[3] ? a[3] : b[3];
    double common = x2 > x1 && y2 > y1 ? (x2 - x1) * (y2 - y1) : 0;
    double both = ((double)a[2] - a[0]) * ((double)a[3] - a[1]) + ((double)b[2] - b[0]) * ((double)b[3] - b[1]) - common;
    return both > 0 ? common / both : a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

typedef struct candidate { double iou; int64_t a, b; } candidate;

static int by_overlap(const void *x, const void *y)
{
    const candidate *p = x, *q = y;
    if (p->iou != q->iou)
        return p->iou < q->iou ? 1 : -1;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return (p->b > q->b) - (p->b < q->b);
}

typedef struct matcher {
    const fd_side *a, *b;
    double iou;
    fd_match *out;
    uint8_t *used_a, *used_b;      /* by face */
    candidate *pair;
    size_t capacity;
} matcher;

static fd_error *match_faces(matcher *m, int64_t i, int64_t j)
{
    fd_error *err = NULL;
    size_t n = 0;
    m->out->faces[0] += m->a->first[i + 1] - m->a->first[i];
    m->out->faces[1] += m->b->first[j + 1] - m->b->first[j];
    for (int64_t x = m->a->first[i]; x < m->a->first[i + 1]; x++)
        for (int64_t y = m->b->first[j]; y < m->b->first[j + 1]; y++) {
            candidate c = {0, m->a->face[x], m->b->face[y]};
            c.iou = overlap(m->a->box + 4 * c.a, m->b->box + 4 * c.b);
            if (!(c.iou >= m->iou))
                continue;
            FD_TRY(fd_grow(&m->pair, &m->capacity, n + 1, sizeof *m->pair));
            m->pair[n++] = c;
        }
    if (n > 0)
        qsort(m->pair, n, sizeof *m->pair, by_overlap);
    for (size_t k = 0; k < n; k++) {
        const candidate *c = &m->pair[k];
        if (m->used_a[c->a] || m->used_b[c->b])
            continue;
        m->used_a[c->a] = m->used_b[c->b] = 1;
        m->out->face[2 * m->out->n_faces] = c->a;
        m->out->face[2 * m->out->n_faces++ + 1] = c->b;
    }
done:
    return err;
}

fd_error *fd_match_sides(const fd_side *a, const fd_side *b, double iou, fd_match *out)
{
    fd_error *err = NULL;
    matcher m = {.a = a, .b = b, .iou = iou, .out = out};
    int64_t most = a->faces < b->faces ? a->faces : b->faces;
    FD_TRY(fd_alloc(&m.used_a, (size_t)a->faces, 1));
    FD_TRY(fd_alloc(&m.used_b, (size_t)b->faces, 1));
    FD_TRY(fd_alloc(&out->face, (size_t)most, 2 * sizeof *out->face));
    FD_TRY(fd_alloc(&out->image, (size_t)(a->images + b->images), 2 * sizeof *out->image));
    for (int64_t i = 0, j = 0; i < a->images || j < b->images;) {
        int order = i == a->images ? 1 : j == b->images ? -1 : strcmp(a->path[a->sorted[i]], b->path[b->sorted[j]]);
        int64_t *pair = out->image + 2 * out->n_images++;
        pair[0] = order <= 0 ? a->sorted[i++] : -1;
        pair[1] = order >= 0 ? b->sorted[j++] : -1;
        if (order != 0)
            continue;
        out->common++;
        FD_TRY(match_faces(&m, pair[0], pair[1]));
    }
done:
    free(m.used_a);
    free(m.used_b);
    free(m.pair);
    return err;
}

void fd_match_free(fd_match *m)
{
    free(m->image);
    free(m->face);
}
