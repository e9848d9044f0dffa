#include "run/faces/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "comm/nccl.h"
#include "run/usage.h"

/* Embeddings of all faces in order of their rows; a->tables.valid says which count. */
typedef struct matrix {
    fd_job *job;
    const uint8_t *valid;
    float *row;                /* [faces][dim] */
} matrix;

/* All-gather of every rank's rows, then each to its place. By way of host memory though NCCL gathers on the GPU: rows come in the order of
 * the ranks' journals, are needed in that of the result, and are checked on the way to the GPU, where they then stay for the whole stage
 * (dist/panel.h). What that costs is a row's bytes over the bus twice, 0.04 us of 128 numbers at 25 GB/s; a row's distances to 100,000
 * others take a GPU 2.6 us at 10 Tflop/s. */
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
    FD_TRY(fd_comm_all_gather_bulk(job->comm, a->embedding, values, counts));
    FD_TRY(fd_comm_part(job->comm));
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

static void beat(void *self)
{
    fd_usage_sample(self);
}

fd_error *fd_job_pairing(fd_job *job, const fd_assembly *a, fd_pairing *out)
{
    fd_error *err = NULL;
    fd_survey survey = FD_SURVEY_EMPTY;
    for (int64_t i = 0; i < a->own; i++)
        fd_survey_rows(&survey, a->embedding + i * job->shape.dim, a->tables.valid + a->row[i], 1, job->shape.dim);
    out->comm = job->comm;
    out->engine = job->engine;
    out->threads = job->threads;
    out->metric = job->metric;
    out->dim = job->shape.dim;
    out->n[0] = out->n[1] = a->faces;
    out->symmetric = true;
    out->temporary = job->temporary;
    out->scale = "/faces/image";
    out->valid = "/faces/valid";
    out->stages = job->stages;
    out->timeout = fd_opt_real(job->options, "timeout");
    out->saving = (fd_saving){job->journal, job->journal_pin.text, job->pin.text, fd_opt_real(job->options, "checkpoint")};
    out->watch = job->watch;
    out->beat = beat;
    out->beat_self = job;
    FD_TRY(fd_survey_reduce(job->comm, &survey));
    FD_TRY(fd_pairing_prepare(out, &survey));
done:
    return err;
}

fd_error *fd_job_pairs(fd_job *job, const fd_assembly *a, fd_pairing *p, fd_result_writer *w)
{
    fd_error *err = NULL;
    matrix m = {.job = job, .valid = a->tables.valid};
    FD_TRY(exchange(&m, a));
    p->source[0] = p->source[1] = (fd_row_source){&m, rows_at, false};
    FD_TRY(fd_pairing_compute(p, w));
done:
    free(m.row);
    return err;
}
