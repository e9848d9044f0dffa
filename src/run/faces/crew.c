/* The workers of a rank, and the rank's heartbeat while they work: twice a second all ranks exchange how far they are, whether one failed and
 * whether a signal came, so that all stop at the same point. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/faces/batch.h"
#include "run/progress.h"
#include "run/signals.h"
#include "run/usage.h"
#include "run/watch.h"

/* In-flight images may take this much, whatever --memory allows: more does not make it faster. */
enum { QUEUE_BYTES = 272 << 20 };

typedef struct crew {
    fd_job *job;
    const int64_t *todo;
    int64_t n, next, done;
    int64_t all_bytes, free_bytes;     /* budget of images in hand */
    bool taking, stop;
    int running;
    fd_error *err;
    fd_journal *journal;
    fd_lanes *lanes;                   /* of an engine that few lanes keep busy; else each worker has its own */
    pthread_mutex_t lock;
    pthread_cond_t room, change;       /* bytes were freed or a turn ended; a worker failed or ended */
} crew;

typedef struct group { int64_t first, bytes; int n; } group;

/* How many images from `next` on are taken together: a thread's share of the batch, less near the end so that all workers end together, and
 * never more than its share of the memory; one at least. */
static group next_group(const crew *c)
{
    const fd_job *job = c->job;
    int64_t most = (job->batch + job->threads - 1) / job->threads, left = c->n - c->next, even = (left + 2 * job->threads - 1) / (2 * job->threads);
    group g = {c->next, 0, 0};
    if (most > even)
        most = even;
    while (g.n < most && g.n < left) {
        int64_t bytes = fd_batch_bytes(job, c->todo[c->next + g.n]);
        if (g.n > 0 && g.bytes + bytes > c->all_bytes / job->threads)
            break;
        g.bytes += bytes;
        g.n++;
    }
    if (g.bytes > c->all_bytes)
        g.bytes = c->all_bytes;   /* a large image runs alone */
    return g;
}

/* Waits for its turn and for room; false when there is nothing left or the crew stops. */
static bool take(crew *c, group *g)
{
    pthread_mutex_lock(&c->lock);
    while (c->taking && !c->stop)
        pthread_cond_wait(&c->room, &c->lock);
    bool got = !c->stop && c->next < c->n;
    if (got) {
        c->taking = true;   /* in order: a large image is not overtaken for ever */
        *g = next_group(c);
        while (c->free_bytes < g->bytes && !c->stop)
            pthread_cond_wait(&c->room, &c->lock);
        c->taking = false;
        got = !c->stop;
        if (got) {
            c->free_bytes -= g->bytes;
            c->next += g->n;
        }
        pthread_cond_broadcast(&c->room);
    }
    pthread_mutex_unlock(&c->lock);
    return got;
}

static void give(crew *c, const group *g, fd_error *e)
{
    pthread_mutex_lock(&c->lock);
    c->free_bytes += g->bytes;
    c->done += e ? 0 : g->n;
    if (e && c->err)
        fd_error_free(e);
    else if (e)
        c->err = e;
    c->stop |= e != NULL;
    if (e)
        pthread_cond_signal(&c->change);
    pthread_cond_broadcast(&c->room);
    pthread_mutex_unlock(&c->lock);
}

static void *work(void *self)
{
    crew *c = self;
    pthread_setname_np(pthread_self(), "worker");
    group g = {0};
    fd_worker w = {.job = c->job, .journal = c->journal, .lanes = c->lanes};
    fd_error *e = c->lanes ? NULL : fd_lane_open(c->job->engine, &w.lane);
    while (!e && take(c, &g)) {
        give(c, &g, fd_batch_run(&w, c->todo + g.first, g.n));
        g = (group){0};
    }
    if (e)
        give(c, &g, e);
    pthread_mutex_lock(&c->lock);
    fd_stage_merge(c->job->stages, w.stages);
    c->job->reused += w.reused;
    c->running--;
    pthread_cond_signal(&c->change);
    pthread_mutex_unlock(&c->lock);
    fd_worker_free(&w);
    return NULL;
}

/* Waits at most a quarter of a second, less when a worker fails or ends; tells how far this rank is. */
static void look(crew *c, int64_t *done, int *running, bool *failed)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 250000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&c->lock);
    if (c->running)   /* woken too early: a look more */
        pthread_cond_timedwait(&c->change, &c->lock, &until);
    *done = c->done;
    *running = c->running;
    *failed = c->err != NULL;
    pthread_mutex_unlock(&c->lock);
}

static void stop(crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->room);
    pthread_mutex_unlock(&c->lock);
}

/* Runs until no rank has a worker left; *interrupted when a signal stopped them. */
static fd_error *heartbeat(crew *c, int64_t all, bool *interrupted)
{
    fd_error *err = NULL;
    fd_progress progress;
    fd_progress_start(&progress, "images", all);
    for (bool on = true; on;) {
        int64_t done;
        int running;
        bool failed;
        look(c, &done, &running, &failed);
        int64_t sum[4] = {done, running, failed, fd_signals_seen()};
        FD_TRY(fd_comm_reduce_i64(c->job->comm, sum, 4, FD_COMBINE_SUM));
        if (sum[2] || sum[3])
            stop(c);
        if (sum[3])
            fd_signals_pass_on();
        if (sum[3] && !*interrupted)
            fd_say(FD_NORMAL, "asked to stop: the photographs at hand are finished and saved");
        *interrupted |= sum[3] != 0;
        on = sum[1] > 0;
        fd_progress_show(&progress, sum[0]);
        fd_usage_sample(c->job);
    }
    fd_progress_end(&progress);
done:
    if (err)
        stop(c);
    return err;
}

static fd_error *run_crew(crew *c, int64_t all, bool *interrupted)
{
    fd_error *err = NULL;
    pthread_t *threads = NULL;
    int started = 0, threads_wanted = c->job->threads;
    FD_TRY(fd_alloc(&threads, (size_t)threads_wanted, sizeof *threads));
    c->running = threads_wanted;
    for (; started < threads_wanted && pthread_create(&threads[started], NULL, work, c) == 0; started++)
        ;
    pthread_mutex_lock(&c->lock);
    c->running -= threads_wanted - started;
    if (started == 0)
        c->err = FD_FAIL(FD_NOMEM, "cannot start a worker thread");
    pthread_mutex_unlock(&c->lock);
    err = heartbeat(c, all, interrupted);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
done:
    free(threads);
    return err;
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

fd_error *fd_job_images(fd_job *job, const int64_t *todo, int64_t n)
{
    fd_error *err = NULL;
    bool interrupted = false;
    double mark = fd_now();
    int64_t budget = job->memory / 2 < QUEUE_BYTES ? job->memory / 2 : QUEUE_BYTES;
    crew c = {.job = job, .todo = todo, .n = n, .all_bytes = budget, .free_bytes = budget};
    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.room, NULL);
    pthread_cond_init(&c.change, NULL);
    if (job->engine->kind->lanes)
        FD_TRY(fd_comm_agree(job->comm, fd_lanes_open(job->engine, job->threads, &c.lanes)));
    FD_TRY(fd_comm_agree(job->comm, open_journal(job, &c.journal)));
    FD_TRY(run_crew(&c, job->manifest.n - job->resumed, &interrupted));
    err = c.err;
    c.err = NULL;
    FD_TRY(fd_comm_agree(job->comm, err));
    fd_error *closing = fd_journal_close(c.journal);
    c.journal = NULL;
    FD_TRY(fd_comm_agree(job->comm, closing));
    fd_stage_add(job->stages, FD_STAGE_IMAGES, &mark, (double)n, 0);
    if (interrupted)
        FD_THROW(FD_INTERRUPTED, "interrupted");
done:
    if (c.journal)
        fd_error_free(fd_journal_close(c.journal));
    fd_error_free(c.err);
    fd_lanes_close(c.lanes);
    pthread_mutex_destroy(&c.lock);
    pthread_cond_destroy(&c.room);
    pthread_cond_destroy(&c.change);
    return err;
}
