#include "run/faces/assemble.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/faces/history.h"
#include "run/together.h"

typedef struct visitor {
    fd_record_shape shape;
    fd_error *(*each)(void *self, const fd_outcome *o);
    void *self;
} visitor;

static fd_error *visit(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    const visitor *v = self;
    (void)offset;
    return fd_record_each(payload, n, v->shape, v->each, v->self);
}

fd_error *fd_job_each_outcome(fd_job *job, fd_error *(*each)(void *self, const fd_outcome *o), void *self)
{
    visitor v = {job->shape, each, self};
    return fd_job_read_logs(job, visit, &v);
}

/* What this rank read: the small columns packed for rank 0, and the embeddings with image and number of the face. */
typedef struct place { int64_t image; int32_t k; int64_t at; } place;

typedef struct gathering {
    fd_record_shape shape;
    int64_t images;
    fd_payload small;
    place *places;
    float *embedding;
    size_t n, n_places, n_values;
    int64_t outcomes;
} gathering;

static const fd_record_shape SMALL = {0, 0};   /* outcomes without embeddings and crops */

static fd_error *gather_one(void *self, const fd_outcome *o)
{
    fd_error *err = NULL;
    gathering *g = self;
    size_t dim = (size_t)g->shape.dim, faces = (size_t)o->faces;
    if (o->image >= g->images)
        FD_THROW(FD_FORMAT, "the journal speaks of image %lld of %lld", (long long)o->image, (long long)g->images);
    FD_TRY(fd_record_add(&g->small, o, SMALL));
    g->outcomes++;
    FD_TRY(fd_grow(&g->places, &g->n_places, g->n + faces, sizeof *g->places));
    FD_TRY(fd_grow(&g->embedding, &g->n_values, (g->n + faces) * dim, sizeof *g->embedding));
    for (int32_t k = 0; k < o->faces; k++, g->n++) {
        g->places[g->n] = (place){o->image, k, (int64_t)g->n};
        memcpy(g->embedding + g->n * dim, o->embedding + (size_t)k * dim, dim * sizeof *g->embedding);
    }
done:
    return err;
}

static fd_error *alloc_images(fd_tables *t, int64_t images)
{
    fd_error *err = NULL;
    size_t n = (size_t)images;
    FD_TRY(fd_alloc(&t->size, 2 * n, sizeof *t->size));
    FD_TRY(fd_alloc(&t->status, n, 1));
    FD_TRY(fd_alloc(&t->flags, n, 1));
    FD_TRY(fd_alloc(&t->sha256, n, sizeof *t->sha256));
    FD_TRY(fd_alloc(&t->detail, n, sizeof *t->detail));
    FD_TRY(fd_alloc(&t->duplicate_of, n, sizeof *t->duplicate_of));
done:
    return err;
}

static fd_error *alloc_faces(fd_tables *t, int64_t faces)
{
    fd_error *err = NULL;
    size_t n = (size_t)faces;
    FD_TRY(fd_alloc(&t->image, n, sizeof *t->image));
    FD_TRY(fd_alloc(&t->box, 4 * n, sizeof *t->box));
    FD_TRY(fd_alloc(&t->landmarks, 10 * n, sizeof *t->landmarks));
    FD_TRY(fd_alloc(&t->score, n, sizeof *t->score));
done:
    return err;
}

static fd_error *image_row(void *self, const fd_outcome *o)
{
    fd_assembly *a = self;
    fd_tables *t = &a->tables;
    int64_t i = o->image;
    t->size[2 * i] = o->width, t->size[2 * i + 1] = o->height;
    t->status[i] = o->status, t->flags[i] = o->flags, t->sha256[i] = o->sha256;
    a->count[i] = o->faces;
    return o->detail[0] && !t->detail[i] ? fd_strdup(&t->detail[i], o->detail) : NULL;
}

static fd_error *face_rows(void *self, const fd_outcome *o)
{
    fd_assembly *a = self;
    fd_tables *t = &a->tables;
    for (int32_t k = 0; k < o->faces; k++) {
        int64_t row = a->first_face[o->image] + k;
        t->image[row] = o->image;
        memcpy(t->box + 4 * row, o->face[k].box, sizeof o->face[k].box);
        memcpy(t->landmarks + 10 * row, o->face[k].landmark, sizeof o->face[k].landmark);
        t->score[row] = o->face[k].score;
        t->valid[row] = o->valid[k];
    }
    return NULL;
}

static int by_hash(const void *a, const void *b, void *self)
{
    const fd_sha256 *hash = self;
    int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    int order = memcmp(&hash[i], &hash[j], sizeof *hash);
    return order ? order : (i > j) - (i < j);
}

/* The first image, in order of ids, with the same content. A file that was not read (hash of zeros) has none. */
static fd_error *find_duplicates(fd_tables *t, int64_t images)
{
    fd_error *err = NULL;
    int64_t *order = NULL;
    static const fd_sha256 none;
    FD_TRY(fd_alloc(&order, (size_t)images, sizeof *order));
    for (int64_t i = 0; i < images; i++)
        order[i] = i, t->duplicate_of[i] = -1;
    qsort_r(order, (size_t)images, sizeof *order, by_hash, t->sha256);
    for (int64_t i = 1, first = 0; i < images; i++) {
        if (memcmp(&t->sha256[order[i]], &t->sha256[order[first]], sizeof none) != 0)
            first = i;
        else if (memcmp(&t->sha256[order[i]], &none, sizeof none) != 0)
            t->duplicate_of[order[i]] = order[first];
    }
done:
    free(order);
    return err;
}

/* Rank 0 unpacks all small rows; every image must be among them. */
static fd_error *unpack_small(fd_job *job, fd_assembly *a, const fd_payload *all)
{
    fd_error *err = NULL;
    FD_TRY(alloc_images(&a->tables, a->images));
    for (int64_t i = 0; i < a->images; i++)
        a->count[i] = -1;
    FD_TRY(fd_record_each(all->bytes, all->n, SMALL, image_row, a));
    for (int64_t i = 0; i < a->images; i++)
        if (a->count[i] < 0) {
            char name[FD_ESCAPED];
            FD_THROW(FD_FORMAT, "%s.journal is incomplete: it has nothing on %s", job->shown, fd_escape(name, sizeof name, job->manifest.entry[i].key));
        }
    FD_TRY(find_duplicates(&a->tables, a->images));
done:
    return err;
}

/* All ranks' small rows on rank 0, as one payload. */
static fd_error *collect_small(fd_job *job, const fd_payload *own, fd_payload *all)
{
    fd_error *err = NULL;
    int64_t *counts = NULL, n = (int64_t)own->n, total = 0;
    const uint8_t type = FD_RECORD_OUTCOMES;
    FD_TRY(fd_alloc(&counts, (size_t)job->ranks, sizeof *counts));
    FD_TRY(fd_comm_all_gather_fixed(job->comm, &n, counts, sizeof n));
    for (int r = 0; r < job->ranks; r++)
        total += counts[r];
    fd_error *room = NULL;
    if (job->rank == 0) {
        room = fd_payload_add(all, &type, 1);
        if (!room)
            room = fd_grow(&all->bytes, &all->capacity, 1 + (size_t)total, 1);
        all->n = 1 + (size_t)total;
    }
    FD_TRY(fd_comm_agree(job->comm, room));
    FD_TRY(fd_comm_gather(job->comm, own->bytes, all->bytes ? all->bytes + 1 : NULL, counts, 0));
done:
    free(counts);
    return err;
}

/* The number of faces of each image on every rank, and with it the global row of each face. */
static fd_error *number_faces(fd_job *job, fd_assembly *a)
{
    fd_error *err = NULL;
    FD_TRY(fd_comm_broadcast(job->comm, a->count, a->images * (int64_t)sizeof *a->count, 0));
    for (int64_t i = 0; i < a->images; i++) {
        a->first_face[i] = a->count[i] ? a->faces : -1;
        a->faces += a->count[i];
    }
done:
    return err;
}

static int by_place(const void *a, const void *b)
{
    const place *p = a, *q = b;
    return p->image != q->image ? (p->image > q->image) - (p->image < q->image) : (p->k > q->k) - (p->k < q->k);
}

/* This rank's embeddings in ascending order of their rows. */
static fd_error *order_own(fd_assembly *a, gathering *g)
{
    fd_error *err = NULL;
    size_t dim = (size_t)g->shape.dim;
    if (g->n)
        qsort(g->places, g->n, sizeof *g->places, by_place);
    FD_TRY(fd_alloc(&a->row, g->n, sizeof *a->row));
    FD_TRY(fd_alloc(&a->embedding, g->n * dim, sizeof *a->embedding));
    for (size_t i = 0; i < g->n; i++) {
        a->row[i] = a->first_face[g->places[i].image] + g->places[i].k;
        memcpy(a->embedding + i * dim, g->embedding + (size_t)g->places[i].at * dim, dim * sizeof *a->embedding);
    }
    a->own = (int64_t)g->n;
done:
    return err;
}

typedef struct reading { fd_job *job; gathering *into; } reading;

static fd_error *read_own(void *self)
{
    const reading *r = self;
    return fd_job_each_outcome(r->job, gather_one, r->into);
}

fd_error *fd_assemble(fd_job *job, fd_assembly *a)
{
    fd_error *err = NULL;
    double mark = fd_now();
    gathering g = {.shape = job->shape, .images = job->manifest.n};
    fd_payload all = {0};
    *a = (fd_assembly){.images = job->manifest.n};
    FD_TRY(fd_job_together(job, read_own, &(reading){job, &g}));
    fd_error *own = fd_alloc(&a->count, (size_t)a->images, sizeof *a->count);
    if (!own)
        own = fd_alloc(&a->first_face, (size_t)a->images, sizeof *a->first_face);
    FD_TRY(fd_comm_agree(job->comm, own));
    FD_TRY(collect_small(job, &g.small, &all));
    FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? unpack_small(job, a, &all) : NULL));
    FD_TRY(number_faces(job, a));
    own = fd_alloc(&a->tables.valid, (size_t)a->faces, 1);
    if (!own)
        own = order_own(a, &g);
    if (!own && job->rank == 0)
        own = alloc_faces(&a->tables, a->faces);
    if (!own && job->rank == 0)
        own = fd_record_each(all.bytes, all.n, SMALL, face_rows, a);
    FD_TRY(fd_comm_agree(job->comm, own));
    FD_TRY(fd_comm_broadcast(job->comm, a->tables.valid, a->faces, 0));
    fd_stage_add(job->stages, FD_STAGE_ASSEMBLE, &mark, (double)g.outcomes, (double)g.small.n);
done:
    free(g.small.bytes);
    free(g.places);
    free(g.embedding);
    free(all.bytes);
    return err;
}

void fd_assembly_free(fd_assembly *a)
{
    fd_tables *t = &a->tables;
    for (int64_t i = 0; t->detail && i < a->images; i++)
        free(t->detail[i]);
    void *all[] = {t->size, t->status, t->flags, t->sha256, t->detail, t->duplicate_of, t->image, t->box, t->landmarks, t->score, t->valid,
                   a->count, a->first_face, a->row, a->embedding};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}
