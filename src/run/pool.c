#include "run/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "run/progress.h"
#include "run/signals.h"

typedef struct crew {
    const fd_pool *pool;
    int64_t next, done, used;   /* used: bytes of the items in hand */
    bool stop;
    int running;
    fd_error *err;
    pthread_mutex_t lock;
    pthread_cond_t room, change;
} crew;

/* The next item, once there is room for it; false when there is none or the crew stops. */
static bool take(crew *c, int64_t *item, int64_t *bytes)
{
    pthread_mutex_lock(&c->lock);
    bool got = false;
    while (!got && !c->stop && c->next < c->pool->last) {
        *bytes = c->pool->bytes(c->pool->self, c->next);
        got = c->used == 0 || c->used + *bytes <= c->pool->memory;
        if (!got)
            pthread_cond_wait(&c->room, &c->lock);
    }
    if (got) {
        *item = c->next++;
        c->used += *bytes;
    }
    pthread_mutex_unlock(&c->lock);
    return got;
}

static void give(crew *c, int64_t bytes, fd_error *e)
{
    pthread_mutex_lock(&c->lock);
    c->used -= bytes;
    c->done += e == NULL;
    c->stop |= e != NULL;
    if (e && c->err)
        fd_error_free(e);
    else if (e)
        c->err = e;
    if (e)
        pthread_cond_signal(&c->change);
    pthread_cond_broadcast(&c->room);
    pthread_mutex_unlock(&c->lock);
}

static void *work(void *self)
{
    crew *c = self;
    fd_lane *lane = NULL;
    int64_t item, bytes;
    fd_error *e = fd_lane_open(c->pool->engine, &lane);
    while (!e && take(c, &item, &bytes))
        give(c, bytes, c->pool->work(c->pool->self, lane, item));
    if (e)
        give(c, 0, e);
    pthread_mutex_lock(&c->lock);
    c->running--;
    pthread_cond_signal(&c->change);
    pthread_mutex_unlock(&c->lock);
    fd_lane_close(lane);
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
    *done = c->pool->done ? c->pool->done(c->pool->self) : c->done;
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

static fd_error *heartbeat(crew *c, bool *interrupted)
{
    fd_error *err = NULL;
    fd_progress progress;
    fd_progress_start(&progress, c->pool->what, c->pool->all);
    for (bool on = true; on;) {
        int64_t done;
        int running;
        bool failed;
        look(c, &done, &running, &failed);
        int64_t sum[4] = {done, running, failed, fd_signals_seen()};
        FD_TRY(fd_comm_reduce_i64(c->pool->comm, sum, 4, FD_COMBINE_SUM));
        if (sum[2] || sum[3]) {
            stop(c);
            fd_signals_pass_on();
        }
        *interrupted |= sum[3] != 0;
        on = sum[1] > 0;
        fd_progress_show(&progress, sum[0]);
    }
    fd_progress_end(&progress);
done:
    if (err)
        stop(c);
    return err;
}

static fd_error *run(crew *c, bool *interrupted)
{
    fd_error *err = NULL;
    pthread_t *threads = NULL;
    int started = 0, wanted = c->pool->threads;
    FD_TRY(fd_alloc(&threads, (size_t)wanted, sizeof *threads));
    c->running = wanted;
    for (; started < wanted && pthread_create(&threads[started], NULL, work, c) == 0; started++)
        ;
    pthread_mutex_lock(&c->lock);
    c->running -= wanted - started;
    if (started == 0)
        c->err = FD_FAIL(FD_NOMEM, "cannot start a worker thread");
    pthread_mutex_unlock(&c->lock);
    err = heartbeat(c, interrupted);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
done:
    free(threads);
    return err;
}

fd_error *fd_pool_run(const fd_pool *pool, bool *interrupted)
{
    fd_error *err = NULL;
    crew c = {.pool = pool, .next = pool->first};
    *interrupted = false;
    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.room, NULL);
    pthread_cond_init(&c.change, NULL);
    FD_TRY(run(&c, interrupted));
    err = c.err;
    c.err = NULL;
    FD_TRY(fd_comm_agree(pool->comm, err));
done:
    fd_error_free(c.err);
    pthread_mutex_destroy(&c.lock);
    pthread_cond_destroy(&c.room);
    pthread_cond_destroy(&c.change);
    return err;
}
