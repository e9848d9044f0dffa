#include "run/together.h"

#include <pthread.h>
#include <time.h>

#include "base/log.h"
#include "run/run.h"
#include "run/signals.h"

typedef struct task {
    fd_error *(*work)(void *self);
    void *self;
    fd_error *err;
    bool done;
    pthread_mutex_t lock;   /* of err and done */
    pthread_cond_t change;
} task;

static void *perform(void *self)
{
    task *t = self;
    fd_error *e = t->work ? t->work(t->self) : NULL;
    pthread_mutex_lock(&t->lock);
    t->err = e;
    t->done = true;
    pthread_cond_signal(&t->change);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Waits for the end of the task, at most so long; whether it has ended. */
static bool wait_for(task *t, double seconds)
{
    struct timespec until;
    int64_t nanoseconds = (int64_t)(seconds * 1e9);
    clock_gettime(CLOCK_REALTIME, &until);
    nanoseconds += until.tv_nsec;
    until.tv_sec += nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    pthread_mutex_lock(&t->lock);
    while (!t->done && pthread_cond_timedwait(&t->change, &t->lock, &until) == 0)
        ;
    bool done = t->done;
    pthread_mutex_unlock(&t->lock);
    return done;
}

/* Between two meetings: less than what makes a rank say that it waits long (half of the time-out). */
static double beat_of(double timeout)
{
    const double longest = 5;
    return timeout > 0 && timeout / 4 < longest ? timeout / 4 : longest;
}

static void meet_until_done(fd_comm *c, double timeout, task *t)
{
    for (bool working = true; working;) {
        int64_t any[2] = {!wait_for(t, beat_of(timeout)), fd_signals_seen()};
        fd_error *lost = fd_comm_reduce_i64(c, any, 2, FD_COMBINE_MAX);
        working = any[0] != 0;
        if (!lost && any[1])
            fd_signals_pass_on();
        if (!lost)
            continue;
        fd_report("facesdist", lost);   /* a thread may be at work still: nothing can be freed under it, so this is the end */
        fd_comm_abort(c, FD_EXIT_FAILED);
    }
}

fd_error *fd_together(fd_comm *c, double timeout, fd_error *(*work)(void *self), void *self)
{
    task t = {.work = work, .self = self};
    pthread_t thread;
    if (fd_comm_ranks(c) == 1)
        return work ? work(self) : NULL;
    pthread_mutex_init(&t.lock, NULL);
    pthread_cond_init(&t.change, NULL);
    bool threaded = work && pthread_create(&thread, NULL, perform, &t) == 0;
    if (!threaded)
        perform(&t);
    meet_until_done(c, timeout, &t);
    if (threaded)
        pthread_join(thread, NULL);
    pthread_mutex_destroy(&t.lock);
    pthread_cond_destroy(&t.change);
    return fd_comm_agree(c, t.err);
}

fd_error *fd_job_together(fd_job *job, fd_error *(*work)(void *self), void *self)
{
    return fd_together(job->comm, fd_opt_real(job->options, "timeout"), work, self);
}
