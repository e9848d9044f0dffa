#include "run/watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/run.h"
#include "run/signals.h"

static const double LOOK_EVERY = 0.25;       /* seconds */
static const double SLOWEST = 10e6;          /* bytes per second of a file system that works, however busy it is */

typedef struct step {
    double until;                            /* fd_now(); 0: free */
    double since;
    fd_stage stage;
    char path[FD_ESCAPED];
} step;

struct fd_watch {
    fd_watch_config config;
    pthread_t thread;
    pthread_mutex_t mutex;                   /* of all that follows */
    pthread_cond_t closing;
    bool closed, told;
    const fd_lock *lock;
    step *step;                              /* [config.steps] */
};

/* The job cannot go on: threads may be blocked for ever, so nothing is freed under them. */
static void end_job(fd_watch *w, fd_error *why)
{
    fd_log_progress("");
    fd_report(w->config.program, why);
    fd_comm_abort(w->config.comm, FD_EXIT_FAILED);
}

static fd_error *find_stalled(const fd_watch *w, double now)
{
    for (int i = 0; i < w->config.steps; i++) {
        const step *s = &w->step[i];
        if (s->until > 0 && now > s->until)
            return FD_FAIL(FD_IO, "rank %d (%s): no progress for %.0f s in stage %s: %s: its file system does not answer; what is in the journal is kept, and "
                                  "the same command goes on (--stall sets the time)", fd_comm_rank(w->config.comm), fd_comm_host(w->config.comm),
                           now - s->since, fd_stage_name(s->stage), s->path);
    }
    return NULL;
}

/* Under the mutex. */
static fd_error *look(fd_watch *w)
{
    const double now = fd_now();
    if (w->config.stop_at > 0 && now >= w->config.stop_at && !w->told) {
        w->told = true;
        fd_say(FD_NORMAL, "time is up: saving everything");
        fd_signals_pass_on();
    }
    if (fd_lock_is_lost(w->lock))
        return FD_FAIL(FD_LOCKED, "another run has taken this output, for this one gave no sign of life for more than %d s", FD_LOCK_DEAD);
    return find_stalled(w, now);
}

static void *watch(void *self)
{
    fd_watch *w = self;
    fd_error *e = NULL;
    pthread_mutex_lock(&w->mutex);
    while (!w->closed && !e) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long)(LOOK_EVERY * 1e9);
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w->closing, &w->mutex, &until);
        e = w->closed ? NULL : look(w);
    }
    pthread_mutex_unlock(&w->mutex);
    if (e)
        end_job(w, e);
    return NULL;
}

fd_error *fd_watch_open(const fd_watch_config *config, fd_watch **out)
{
    fd_error *err = NULL;
    fd_watch *w = NULL;
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    w->config = *config;
    FD_TRY(fd_alloc(&w->step, (size_t)config->steps, sizeof *w->step));
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->closing, NULL);
    if (pthread_create(&w->thread, NULL, watch, w) != 0)
        FD_THROW(FD_NOMEM, "cannot start the thread that watches over this rank");
    *out = w;
    return NULL;
done:
    if (w)
        free(w->step);
    free(w);
    return err;
}

void fd_watch_close(fd_watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    w->closed = true;
    pthread_cond_signal(&w->closing);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->closing);
    free(w->step);
    free(w);
}

int fd_watch_begin(fd_watch *w, fd_stage stage, const char *path, int64_t bytes)
{
    int free_one = -1;
    if (!w || w->config.stall <= 0)
        return -1;
    const double now = fd_now();
    pthread_mutex_lock(&w->mutex);
    for (int i = 0; i < w->config.steps && free_one < 0; i++)
        if (w->step[i].until == 0)
            free_one = i;
    if (free_one >= 0) {
        step *s = &w->step[free_one];
        s->until = now + w->config.stall + (double)bytes / SLOWEST;
        s->since = now;
        s->stage = stage;
        fd_escape(s->path, sizeof s->path, path);
    }
    pthread_mutex_unlock(&w->mutex);
    return free_one;
}

void fd_watch_end(fd_watch *w, int step_number)
{
    if (!w || step_number < 0)
        return;
    pthread_mutex_lock(&w->mutex);
    w->step[step_number].until = 0;
    pthread_mutex_unlock(&w->mutex);
}

void fd_watch_lock(fd_watch *w, const fd_lock *lock)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    w->lock = lock;
    pthread_mutex_unlock(&w->mutex);
}
