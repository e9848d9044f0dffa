#include "run/pool.h"

static int64_t one(void *self, int64_t next, int64_t *bytes)
{
    const fd_pool *pool = self;
    *bytes = pool->bytes(pool->self, next);
    return 1;
}

static fd_error *open_lane(void *self, void **lane)
{
    const fd_pool *pool = self;
    return fd_lane_open(pool->engine, (fd_lane **)lane);
}

static fd_error *work(void *self, void *lane, int64_t first, int64_t n)
{
    const fd_pool *pool = self;
    fd_error *err = NULL;
    for (int64_t item = first; !err && item < first + n; item++)
        err = pool->work(pool->self, lane, item);
    return err;
}

static void close_lane(void *self, void *lane)
{
    (void)self;
    fd_lane_close(lane);
}

static int64_t done(void *self)
{
    const fd_pool *pool = self;
    return pool->done(pool->self);
}

fd_error *fd_pool_run(const fd_pool *pool, bool *interrupted)
{
    const fd_crew crew = {.comm = pool->comm, .threads = pool->threads, .first = pool->first, .last = pool->last, .all = pool->all, .what = pool->what,
                          .memory = pool->memory, .share = one, .begin = open_lane, .work = work, .end = close_lane,
                          .done = pool->done ? done : NULL, .self = (void *)pool};
    return fd_crew_run(&crew, interrupted);
}
