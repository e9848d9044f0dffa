#include "run/matrix.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "dist/dist.h"

/* Embeddings of all faces in order of their rows; a->tables.valid says which count. */
typedef struct matrix {
    fd_job *job;
    const uint8_t *valid;
    float *row;                /* [faces][dim] */
    fd_tile_plan plan;
    fd_result_writer *writer;
} matrix;

/* All-gather of every rank's rows, then each to its place. */
static fd_error *exchange(matrix *m, const fd_assembly *a)
{
    fd_error *err = NULL;
    fd_job *job = m->job;
    int64_t dim = job->shape.dim, *counts = NULL, *place = NULL, own = a->own, all = 0;
    float *values = NULL;
    double mark = fd_now();
    FD_TRY(fd_alloc(&counts, (size_t)job->ranks, sizeof *counts));
    FD_TRY(fd_comm_all_gather_fixed(job->comm, &own, counts, sizeof own));
    for (int r = 0; r < job->ranks; r++)
        all += counts[r];
    fd_error *room = fd_alloc(&place, (size_t)all, sizeof *place);
    if (!room)
        room = fd_alloc_aligned(&values, (size_t)(all * dim), sizeof *values);
    if (!room)
        room = fd_alloc_aligned(&m->row, (size_t)(a->faces * dim), sizeof *m->row);
    FD_TRY(fd_comm_agree(job->comm, room));
    for (int r = 0; r < job->ranks; r++)
        counts[r] *= (int64_t)sizeof *place;
    FD_TRY(fd_comm_all_gather(job->comm, a->row, place, counts));
    for (int r = 0; r < job->ranks; r++)
        counts[r] = counts[r] / (int64_t)sizeof *place * dim * (int64_t)sizeof *values;
    FD_TRY(fd_comm_all_gather(job->comm, a->embedding, values, counts));
    for (int64_t i = 0; i < all; i++)
        memcpy(m->row + place[i] * dim, values + i * dim, (size_t)dim * sizeof *values);
    fd_stage_add(job->stages, FD_STAGE_EXCHANGE, &mark, (double)a->own, (double)(all * dim * 4));
done:
    free(counts);
    free(place);
    free(values);
    return err;
}

static fd_error *rows_at(void *self, int64_t first, int64_t count, const float **rows, const uint8_t **valid)
{
    const matrix *m = self;
    (void)count;
    *rows = m->row + first * m->job->shape.dim;
    *valid = m->valid + first;
    return NULL;
}

static fd_error *store_tile(void *self, int64_t I, int64_t J, const float *values, int64_t rows, int64_t columns, int64_t pitch)
{
    const matrix *m = self;
    return fd_result_write_chunk(m->writer, "/distances/full", I * m->plan.side, J * m->plan.side, values, rows, columns, pitch);
}

typedef struct worker { matrix *m; int thread; fd_error *err; } worker;

static void *work(void *self)
{
    worker *w = self;
    const matrix *m = w->m;
    const fd_job *job = m->job;
    fd_lane *lane = NULL;
    fd_dist_job tiles = {.metric = job->metric, .n = m->plan.n, .dim = job->shape.dim, .parts = job->ranks * job->threads,
                         .part = job->rank * job->threads + w->thread, .source = {w->m, rows_at}, .sink = {w->m, store_tile}};
    w->err = fd_lane_open(job->engine, &lane);
    if (!w->err)
        w->err = fd_distances(job->engine, lane, &tiles);
    fd_lane_close(lane);
    return NULL;
}

static fd_error *compute(matrix *m)
{
    fd_error *err = NULL;
    int n = m->job->threads, started = 0;
    worker *workers = NULL;
    pthread_t *threads = NULL;
    FD_TRY(fd_alloc(&workers, (size_t)n, sizeof *workers));
    FD_TRY(fd_alloc(&threads, (size_t)n, sizeof *threads));
    for (int i = 0; i < n; i++)
        workers[i] = (worker){m, i, NULL};
    for (; started < n && pthread_create(&threads[started], NULL, work, &workers[started]) == 0; started++)
        ;
    for (int i = started; i < n; i++)   /* no more threads to be had: this one does their share */
        work(&workers[i]);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < n; i++) {
        if (!err)
            err = workers[i].err;
        else
            fd_error_free(workers[i].err);
    }
done:
    free(workers);
    free(threads);
    return err;
}

fd_error *fd_job_matrix(fd_job *job, const fd_assembly *a, fd_result_writer *w)
{
    fd_error *err = NULL;
    matrix m = {.job = job, .valid = a->tables.valid, .plan = fd_tile_plan_of(a->faces), .writer = w};
    FD_TRY(exchange(&m, a));
    double mark = fd_now();
    FD_TRY(fd_comm_agree(job->comm, compute(&m)));
    fd_stage_add(job->stages, FD_STAGE_DISTANCES, &mark, (double)m.plan.tiles / job->ranks, (double)a->faces * (double)a->faces * 4 / job->ranks);
done:
    free(m.row);
    return err;
}
