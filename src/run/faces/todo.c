/* What is left to do: the photographs that no journal holds, shared out to the ranks. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/partition.h"
#include "run/faces/history.h"
#include "run/faces/job.h"
#include "run/faces/touched.h"
#include "run/together.h"

/* The photographs of this rank's logs; stale: the first of them that is not what it was when it was read, `limit` when all are. */
typedef struct id_list { fd_job *job; int64_t *id; size_t n, capacity; fd_record_shape shape; int64_t limit, stale; } id_list;

static fd_error *note_id(void *self, const fd_outcome *o)
{
    id_list *list = self;
    if (o->image >= list->limit)
        return FD_FAIL(FD_FORMAT, "the journal speaks of image %lld of %lld", (long long)o->image, (long long)list->limit);
    bool same = true;
    fd_error *e = o->image < list->stale ? fd_job_is_same(list->job, o->image, &o->sha256, o->read_at, &same) : NULL;
    if (!same)
        list->stale = o->image;
    if (!e)
        e = fd_grow(&list->id, &list->capacity, list->n + 1, sizeof *list->id);
    if (!e)
        list->id[list->n++] = o->image;
    return e;
}

static fd_error *note_ids(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    (void)offset;
    return fd_record_each(payload, n, ((id_list *)self)->shape, note_id, self);
}

static fd_error *read_ids(void *self)
{
    id_list *list = self;
    return fd_job_read_logs(list->job, note_ids, list);
}

/* done[i] = 1 for every image that some journal holds, on all ranks. *stale as in id_list. */
static fd_error *find_done(fd_job *job, uint8_t *is_done, int64_t *stale)
{
    fd_error *err = NULL;
    id_list own = {.job = job, .shape = job->shape, .limit = job->manifest.n, .stale = job->manifest.n};
    int64_t *counts = NULL, *all = NULL, total = 0;
    FD_TRY(fd_alloc(&counts, (size_t)job->ranks, sizeof *counts));
    FD_TRY(fd_job_together(job, read_ids, &own));
    *stale = own.stale;
    FD_TRY(fd_comm_reduce_i64(job->comm, stale, 1, FD_COMBINE_MIN));
    if (*stale < job->manifest.n)
        goto done;
    int64_t bytes = (int64_t)(own.n * sizeof *own.id);
    FD_TRY(fd_comm_all_gather_fixed(job->comm, &bytes, counts, sizeof bytes));
    for (int r = 0; r < job->ranks; r++)
        total += counts[r];
    FD_TRY(fd_comm_agree(job->comm, fd_alloc(&all, (size_t)total, 1)));
    FD_TRY(fd_comm_all_gather(job->comm, own.id, all, counts));
    for (int64_t i = 0; i < total / (int64_t)sizeof *all; i++) {
        job->resumed += !is_done[all[i]];
        is_done[all[i]] = 1;
    }
done:
    free(own.id);
    free(counts);
    free(all);
    return err;
}

/* This rank's run of the ids that are left, cut by predicted cost. */
static fd_error *share_of(fd_job *job, const uint8_t *is_done, int64_t **todo, int64_t *n)
{
    fd_error *err = NULL;
    int64_t left = 0, *first = NULL, *ids = NULL;
    double *cost = NULL;
    FD_TRY(fd_alloc(&cost, (size_t)job->manifest.n, sizeof *cost));
    FD_TRY(fd_alloc(&ids, (size_t)job->manifest.n, sizeof *ids));
    FD_TRY(fd_alloc(&first, (size_t)job->ranks + 1, sizeof *first));
    for (int64_t i = 0; i < job->manifest.n; i++)
        if (!is_done[i]) {
            cost[left] = fd_entry_cost(&job->manifest.entry[i].probe);
            ids[left++] = i;
        }
    fd_partition(cost, left, job->ranks, first);
    *n = first[job->rank + 1] - first[job->rank];
    memmove(ids, ids + first[job->rank], (size_t)*n * sizeof *ids);
    *todo = ids;
    ids = NULL;
done:
    free(ids);
    free(cost);
    free(first);
    return err;
}

fd_error *fd_job_todo(fd_job *job, int64_t **todo, int64_t *n)
{
    fd_error *err = NULL;
    uint8_t *is_done = NULL;
    int64_t stale = 0;
    double mark = fd_now();
    FD_TRY(fd_comm_agree(job->comm, fd_alloc(&is_done, (size_t)job->manifest.n, 1)));
    FD_TRY(find_done(job, is_done, &stale));
    if (stale < job->manifest.n)
        FD_TRY(fd_job_start_anew(job, stale));
    if (job->resumed)
        fd_say(FD_NORMAL, "going on: %lld of %lld images are in the journal", (long long)job->resumed, (long long)job->manifest.n);
    FD_TRY(share_of(job, is_done, todo, n));
    fd_stage_add(job->stages, FD_STAGE_PARTITION, &mark, (double)*n, 0);
done:
    free(is_done);
    return err;
}
