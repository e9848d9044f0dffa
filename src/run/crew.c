#include "run/crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "run/progress.h"
#include "run/signals.h"

typedef struct state {
    const fd_crew *crew;
    int64_t next, done, free_bytes;
    bool taking, stop;
    int running;
    fd_error *err;
    pthread_mutex_t lock;
    pthread_cond_t room, change;   /* bytes were freed or a turn ended; a worker failed or ended */
} state;

typedef struct share { int64_t first, n, bytes; } share;

static share next_share(const state *s)
{
    share g = {.first = s->next};
    g.n = s->crew->share(s->crew->self, s->next, &g.bytes);
    if (g.bytes > s->crew->memory)
        g.bytes = s->crew->memory;   /* alone */
    return g;
}

/* Waits for its turn and for room; false when there is nothing left or the crew stops. */
static bool take(state *s, share *g)
{
    pthread_mutex_lock(&s->lock);
    while (s->taking && !s->stop)
        pthread_cond_wait(&s->room, &s->lock);
    bool got = !s->stop && s->next < s->crew->last;
    if (got) {
        s->taking = true;   /* in order: a large item is not overtaken for ever */
        *g = next_share(s);
        while (s->free_bytes < g->bytes && !s->stop)
            pthread_cond_wait(&s->room, &s->lock);
        s->taking = false;
        got = !s->stop;
        if (got) {
            s->free_bytes -= g->bytes;
            s->next += g->n;
        }
        pthread_cond_broadcast(&s->room);
    }
    pthread_mutex_unlock(&s->lock);
    return got;
}

static void give(state *s, const share *g, fd_error *e)
{
    pthread_mutex_lock(&s->lock);
    s->free_bytes += g->bytes;
    s->done += e ? 0 : g->n;
    s->stop |= e != NULL;
    if (e && s->err)
        fd_error_free(e);
    else if (e)
        s->err = e;
    if (e)
        pthread_cond_signal(&s->change);
    pthread_cond_broadcast(&s->room);
    pthread_mutex_unlock(&s->lock);
}

static void *work(void *self)
{
    state *s = self;
    const fd_crew *c = s->crew;
    void *own = NULL;
    share g = {0};
    pthread_setname_np(pthread_self(), "worker");
    fd_error *e = c->begin(c->self, &own);
    while (!e && take(s, &g)) {
        give(s, &g, c->work(c->self, own, g.first, g.n));
        g = (share){0};
    }
    if (e)
        give(s, &g, e);
    pthread_mutex_lock(&s->lock);
    c->end(c->self, own);
    s->running--;
    pthread_cond_signal(&s->change);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Waits at most a quarter of a second, less when a worker fails or ends; tells how far this rank is. */
static void look(state *s, int64_t *done, int *running, bool *failed)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 250000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&s->lock);
    if (s->running)   /* woken too early: a look more */
        pthread_cond_timedwait(&s->change, &s->lock, &until);
    *done = s->crew->done ? s->crew->done(s->crew->self) : s->done;
    *running = s->running;
    *failed = s->err != NULL;
    pthread_mutex_unlock(&s->lock);
}

static void stop(state *s)
{
    fd_signals_pass_on();   /* long items see it */
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->room);
    pthread_mutex_unlock(&s->lock);
}

/* Runs until no rank has a worker left. */
static fd_error *heartbeat(state *s, bool *interrupted)
{
    fd_error *err = NULL;
    const fd_crew *c = s->crew;
    fd_progress progress;
    fd_progress_start(&progress, c->what, c->all);
    bool ending = false;
    for (bool on = true; on;) {
        int64_t done;
        int running;
        bool failed;
        look(s, &done, &running, &failed);
        int64_t sum[4] = {done, running, failed, *interrupted || (!ending && fd_signals_seen())};
        FD_TRY(fd_comm_reduce_i64(c->comm, sum, 4, FD_COMBINE_SUM));
        if (sum[3] && !*interrupted)
            fd_say(FD_NORMAL, "asked to stop: no more %s are begun", c->what);
        *interrupted |= sum[3] != 0;
        ending |= sum[2] || sum[3];
        if (ending)
            stop(s);
        on = sum[1] > 0;
        fd_progress_show(&progress, sum[0]);
        if (c->beat)
            c->beat(c->self);
    }
    fd_progress_end(&progress);
done:
    if (err)
        stop(s);
    return err;
}

static fd_error *run(state *s, bool *interrupted)
{
    fd_error *err = NULL;
    pthread_t *threads = NULL;
    int started = 0;
    const int wanted = s->crew->threads;
    FD_TRY(fd_alloc(&threads, (size_t)wanted, sizeof *threads));
    s->running = wanted;
    for (; started < wanted && pthread_create(&threads[started], NULL, work, s) == 0; started++)
        ;
    pthread_mutex_lock(&s->lock);
    s->running -= wanted - started;
    if (started == 0)
        s->err = FD_FAIL(FD_NOMEM, "cannot start a worker thread");
    pthread_mutex_unlock(&s->lock);
    err = heartbeat(s, interrupted);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
done:
    free(threads);
    return err;
}

fd_error *fd_crew_run(const fd_crew *crew, bool *interrupted)
{
    fd_error *err = NULL;
    state s = {.crew = crew, .next = crew->first, .free_bytes = crew->memory};
    *interrupted = false;
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.room, NULL);
    pthread_cond_init(&s.change, NULL);
    FD_TRY(run(&s, interrupted));
    err = s.err;
    s.err = NULL;
    FD_TRY(fd_comm_agree(crew->comm, err));
done:
    fd_error_free(s.err);
    pthread_mutex_destroy(&s.lock);
    pthread_cond_destroy(&s.room);
    pthread_cond_destroy(&s.change);
    return err;
}
