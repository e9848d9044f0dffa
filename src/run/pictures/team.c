#include "run/pictures/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

struct fd_team { int n; fd_lane **lane; };

/* One run. go: 0 wait, 1 begin, -1 there are too few of us. */
typedef struct run { const fd_team *team; fd_team_work *work; void *self; atomic_int ready, go; } run;

typedef struct member { run *run; int k; pthread_t thread; double end; fd_error *err; } member;

static void do_part(member *m)
{
    fd_lane *lane = m->run->team->lane[m->k];
    m->err = m->run->work(m->run->self, lane, m->k, m->run->team->n);
    if (!m->err)
        m->err = lane->engine->kind->lane_sync(lane);
    m->end = fd_now();
}

/* All begin at once: that threads start takes as long as a small picture. */
static void *join_in(void *self)
{
    member *m = self;
    int go;
    atomic_fetch_add(&m->run->ready, 1);
    while ((go = atomic_load(&m->run->go)) == 0)
        sched_yield();
    if (go > 0)
        do_part(m);
    return NULL;
}

fd_error *fd_team_open(fd_engine *engine, int threads, fd_team **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(out, 1, sizeof **out));
    const int n = engine->kind->lanes > 0 ? 1 : threads;
    FD_TRY(fd_alloc(&(*out)->lane, (size_t)n, sizeof *(*out)->lane));
    for (; (*out)->n < n; (*out)->n++)
        FD_TRY(fd_lane_open(engine, &(*out)->lane[(*out)->n]));
done:
    return err;
}

int fd_team_size(const fd_team *t)
{
    return t->n;
}

fd_error *fd_team_run(fd_team *t, fd_team_work *work, void *self, double *seconds)
{
    fd_error *err = NULL;
    run r = {.team = t, .work = work, .self = self};
    member *all = NULL;
    int started = 1;
    FD_TRY(fd_alloc(&all, (size_t)t->n, sizeof *all));
    for (int k = 0; k < t->n; k++)
        all[k] = (member){.run = &r, .k = k};
    while (started < t->n && pthread_create(&all[started].thread, NULL, join_in, &all[started]) == 0)
        started++;
    while (atomic_load(&r.ready) < started - 1)
        sched_yield();
    const double start = fd_now();
    atomic_store(&r.go, started == t->n ? 1 : -1);
    if (started == t->n)
        do_part(&all[0]);
    else
        err = FD_FAIL(FD_NOMEM, "cannot start a worker thread");
    *seconds = 0;
    for (int k = 0; k < started; k++) {
        if (k > 0)
            pthread_join(all[k].thread, NULL);
        *seconds = all[k].end - start > *seconds ? all[k].end - start : *seconds;
        if (err)
            fd_error_free(all[k].err);
        else
            err = all[k].err;
    }
done:
    free(all);
    return err;
}

void fd_team_close(fd_team *t)
{
    if (!t)
        return;
    for (int k = 0; k < t->n; k++)
        fd_lane_close(t->lane[k]);
    free(t->lane);
    free(t);
}
