/* How a point is timed: threads that start together, a first call, a warm-up, samples until their share of the budget is used. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/bench/session.h"

enum { LEAST_SAMPLES = 3, MOST_SAMPLES = 500 };
static const double SAMPLE = 2e-3; /* seconds: shorter calls are repeated within a sample, so that starting the threads does not count */

typedef struct team team;
typedef struct member {
    team *team;
    int part;
    pthread_t thread;
    fd_lane *lane;
    fd_error *err;
} member;

struct team {
    const fd_work *work;
    member *member;
    int64_t calls; /* of each part in the next sample; 0: go home */
    int threads; /* that were started, beside the caller's */
    pthread_mutex_t gate;
    pthread_barrier_t start, end;
};

/* One sample's share of a member. After an error it does nothing more. */
static void call(member *m)
{
    fd_error *err = NULL;
    if (m->err)
        return;
    for (int64_t i = 0; i < m->team->calls; i++)
        FD_TRY(m->team->work->run(m->team->work->self, m->lane, m->part));
    if (m->lane)
        FD_TRY(m->lane->engine->kind->lane_sync(m->lane));
done:
    m->err = err;
}

static void *live(void *argument)
{
    member *m = argument;
    pthread_mutex_lock(&m->team->gate); /* until it is known how many there are */
    pthread_mutex_unlock(&m->team->gate);
    for (;;) {
        pthread_barrier_wait(&m->team->start);
        if (m->team->calls == 0)
            return NULL;
        call(m);
        pthread_barrier_wait(&m->team->end);
    }
}

/* Seconds per call of a sample of so many. */
static double sample(team *t, int64_t calls)
{
    t->calls = calls;
    pthread_barrier_wait(&t->start);
    const double start = fd_now();
    call(&t->member[0]);
    pthread_barrier_wait(&t->end);
    return (fd_now() - start) / (double)calls;
}

static fd_error *gather(team *t, const fd_work *w)
{
    fd_error *err = NULL;
    *t = (team){.work = w, .gate = PTHREAD_MUTEX_INITIALIZER};
    FD_TRY(fd_alloc(&t->member, (size_t)w->parts, sizeof *t->member));
    for (int i = 0; i < w->parts; i++) {
        t->member[i] = (member){.team = t, .part = i};
        if (w->place)
            FD_TRY(fd_lane_open(w->place->engine, &t->member[i].lane));
    }
    pthread_mutex_lock(&t->gate);
    while (t->threads + 1 < w->parts && pthread_create(&t->member[t->threads + 1].thread, NULL, live, &t->member[t->threads + 1]) == 0)
        t->threads++;
    pthread_barrier_init(&t->start, NULL, (unsigned)t->threads + 1);
    pthread_barrier_init(&t->end, NULL, (unsigned)t->threads + 1);
    pthread_mutex_unlock(&t->gate);
done:
    return err;
}

static void dismiss(team *t, int parts)
{
    if (t->threads > 0) {
        t->calls = 0;
        pthread_barrier_wait(&t->start);
    }
    for (int i = 0; i < t->threads; i++)
        pthread_join(t->member[i + 1].thread, NULL);
    for (int i = 0; t->member && i < parts; i++) {
        fd_lane_close(t->member[i].lane);
        fd_error_free(t->member[i].err);
    }
    free(t->member);
}

static fd_error *first_error(team *t)
{
    for (int i = 0; i <= t->threads; i++)
        if (t->member[i].err) {
            fd_error *err = t->member[i].err;
            t->member[i].err = NULL;
            return err;
        }
    return NULL;
}

/* A fortieth of the budget for the samples of one point. */
static double share_of(const fd_session *s)
{
    return fmin(1.5, fmax(0.02, s->budget / 40));
}

static fd_error *take_samples(const fd_session *s, team *t, fd_trial *trial)
{
    fd_error *err = NULL;
    double times[MOST_SAMPLES];
    int64_t n = 0;
    double first = sample(t, 1);
    trial->first = (isfinite(trial->first) ? trial->first : 0) + first;
    FD_TRY(first_error(t));
    const double begun = fd_now(), share = share_of(s), again = first < share ? sample(t, 1) : first; /* warm by now */
    const int64_t calls = again < SAMPLE ? (int64_t)ceil(SAMPLE / fmax(again, 1e-9)) : 1;
    while (n < MOST_SAMPLES && (n < LEAST_SAMPLES || fd_now() - begun < share)) {
        times[n++] = sample(t, calls);
        FD_TRY(first_error(t));
        if (n == 1 && times[0] > s->budget) /* predicted wrongly: once is enough */
            break;
    }
    trial->runs = n;
    trial->median = fd_median(times, n);
    trial->least = times[0];
    trial->most = times[n - 1];
done:
    return err;
}

fd_error *fd_session_measure(fd_session *s, const fd_work *w, fd_trial *t)
{
    fd_error *err = NULL;
    team all = {0};
    FD_TRY(gather(&all, w));
    if (all.threads + 1 < w->parts)
        FD_THROW(FD_NOMEM, "only %d of %d threads could be started", all.threads + 1, w->parts);
    FD_TRY(take_samples(s, &all, t));
done:
    dismiss(&all, w->parts);
    return err;
}

/* --- to and from a device ------------------------------------------------------------------------------------------------------------ */

/* Least seconds of three copies one way. */
static fd_error *copy_times(fd_lane *lane, void *device, void *host, size_t bytes, bool up, double *out)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = lane->engine->kind;
    *out = INFINITY;
    for (int i = 0; i < 3; i++) {
        const double start = fd_now();
        FD_TRY(up ? kind->upload(lane, device, host, bytes) : kind->download(lane, host, device, bytes));
        FD_TRY(kind->lane_sync(lane));
        *out = fmin(*out, fd_now() - start);
    }
done:
    return err;
}

fd_error *fd_session_transfer(const fd_place *place, size_t up, size_t down, fd_trial *t)
{
    fd_error *err = NULL;
    fd_lane *lane = NULL;
    void *device = NULL, *host = NULL;
    const size_t most = up > down ? up : down;
    if (!place->apart)
        return NULL;
    FD_TRY(fd_lane_open(place->engine, &lane));
    FD_TRY(place->engine->kind->alloc(place->engine, most, &device));
    FD_TRY(fd_alloc_aligned(&host, most, 1));
    for (size_t i = 0; i < most; i += 4096)
        ((uint8_t *)host)[i] = 1; /* memory that is there */
    FD_TRY(copy_times(lane, device, host, up, true, &t->upload));
    FD_TRY(copy_times(lane, device, host, down, false, &t->download));
done:
    if (device)
        place->engine->kind->release(place->engine, device);
    free(host);
    fd_lane_close(lane);
    return err;
}
