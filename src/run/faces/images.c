/* The photographs of a rank: its workers take groups of them from the disk to the journal. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/crew.h"
#include "run/faces/batch.h"
#include "run/depot.h"
#include "run/usage.h"
#include "run/watch.h"

/* In-flight images may take this much, whatever --memory allows: more does not make it faster. */
enum { QUEUE_BYTES = 272 << 20 };

typedef struct images {
    fd_job *job;
    const int64_t *todo;
    int64_t n, memory;
    fd_journal *journal;
    fd_depot *depot;
    fd_lanes *lanes;     /* of an engine that few lanes keep busy; else each worker has its own */
} images;

/* A thread's share of the batch, less near the end so that all workers end together, and never more than its share of the memory; one at least. */
static int64_t share(void *self, int64_t next, int64_t *bytes)
{
    const images *c = self;
    const fd_job *job = c->job;
    int64_t most = (job->batch + job->threads - 1) / job->threads, left = c->n - next, even = (left + 2 * job->threads - 1) / (2 * job->threads), n = 0;
    if (most > even)
        most = even;
    for (*bytes = 0; n < most; n++) {
        const int64_t more = fd_batch_bytes(job, c->todo[next + n]);
        if (n > 0 && *bytes + more > c->memory / job->threads)
            break;
        *bytes += more;
    }
    return n;
}

static fd_error *begin(void *self, void **state)
{
    fd_error *err = NULL;
    images *c = self;
    fd_worker *w = NULL;
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    *w = (fd_worker){.job = c->job, .journal = c->journal, .depot = c->depot, .lanes = c->lanes};
    *state = w;
    if (!c->lanes)
        FD_TRY(fd_lane_open(c->job->engine, &w->lane));
done:
    return err;
}

static fd_error *work(void *self, void *state, int64_t first, int64_t n)
{
    const images *c = self;
    return fd_batch_run(state, c->todo + first, (int)n);
}

static void end(void *self, void *state)
{
    images *c = self;
    fd_worker *w = state;
    if (!w)
        return;
    fd_stage_merge(c->job->stages, w->stages);
    c->job->reused += w->reused;
    fd_worker_free(w);
    free(w);
}

static void beat(void *self)
{
    images *c = self;
    fd_usage_sample(c->job);
}

static fd_error *open_journal(fd_job *job, fd_journal **journal)
{
    fd_error *err = NULL;
    fd_payload manifest = {0};
    uint8_t *names = NULL;
    int64_t n = 0;
    const uint8_t type = FD_RECORD_MANIFEST;
    const int step = fd_watch_begin(job->watch, FD_STAGE_JOURNAL, job->journal, 0);
    err = fd_journal_open(job->journal, job->rank, job->journal_pin.text, journal);
    fd_watch_end(job->watch, step);
    FD_TRY(err);
    if (job->rank == 0 && job->resumed == 0) {   /* the names, so that a later run can say which photograph differs */
        FD_TRY(fd_manifest_pack(&job->manifest, &names, &n));
        FD_TRY(fd_payload_add(&manifest, &type, 1));
        FD_TRY(fd_payload_add(&manifest, names, (size_t)n));
        FD_TRY(fd_journal_append(*journal, manifest.bytes, manifest.n, 1));
    }
done:
    free(names);
    free(manifest.bytes);
    return err;
}

/* What the GPU did before was to get ready. */
static void tell_gpu(fd_job *job, bool before)
{
    fd_device_seconds now = {.busy = 0};
    if (job->engine->kind->seconds)
        job->engine->kind->seconds(job->engine, &now);
    if (before)
        job->gpu_before = now;
    else
        job->gpu_busy = now.busy - job->gpu_before.busy;
}

fd_error *fd_job_images(fd_job *job, const int64_t *todo, int64_t n)
{
    fd_error *err = NULL;
    bool interrupted = false;
    double mark = fd_now();
    tell_gpu(job, true);
    images c = {.job = job, .todo = todo, .n = n, .memory = job->memory / 2 < QUEUE_BYTES ? job->memory / 2 : QUEUE_BYTES};
    const fd_crew crew = {.comm = job->comm, .threads = job->threads, .last = n, .all = job->manifest.n - job->resumed, .what = "images", .memory = c.memory,
                          .share = share, .begin = begin, .work = work, .end = end, .beat = beat, .self = &c};
    if (job->engine->kind->lanes)
        FD_TRY(fd_comm_agree(job->comm, fd_lanes_open(job->engine, job->threads, &c.lanes)));
    FD_TRY(fd_comm_agree(job->comm, fd_depot_open(job->engine, (size_t)c.memory / 2, &c.depot)));   /* of which pixels in hand take six elevenths: the rest is gaps */
    FD_TRY(fd_comm_agree(job->comm, open_journal(job, &c.journal)));
    FD_TRY(fd_crew_run(&crew, &interrupted));
    fd_error *closing = fd_journal_close(c.journal);
    c.journal = NULL;
    FD_TRY(fd_comm_agree(job->comm, closing));
    fd_stage_add(job->stages, FD_STAGE_IMAGES, &mark, (double)n, 0);
    tell_gpu(job, false);
    if (interrupted)
        FD_THROW(FD_INTERRUPTED, "interrupted");
done:
    if (c.journal)
        fd_error_free(fd_journal_close(c.journal));
    fd_lanes_close(c.lanes);
    fd_depot_close(c.depot);
    return err;
}
