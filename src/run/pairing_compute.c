/* A rank's share of the pairs, on all its threads. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/pairing.h"

static fd_error *store_tile(void *self, int64_t I, int64_t J, const float *values, int64_t rows, int64_t columns, int64_t pitch)
{
    const fd_pairing *p = self;
    return fd_result_write_chunk(p->writer, "/distances/full", I * p->plan[0].side, J * p->plan[1].side, values, rows, columns, pitch);
}

/* --- threads ------------------------------------------------------------------------------------------------------------------------- */

typedef struct worker {
    fd_pairing *pairing;
    const fd_window *window;
    atomic_int *running;
    int number;
    uint64_t *counts;   /* [FD_HISTOGRAM_BINS + 2] its own */
    fd_error *err;
} worker;

static fd_error *work_on(worker *w, fd_lane *lane)
{
    fd_pairing *p = w->pairing;
    fd_histogram bins = p->bins;
    bins.count = w->counts;
    const fd_dist_job job = {.metric = p->metric, .dim = p->dim, .side = {p->plan[0].side, p->plan[1].side}, .symmetric = p->symmetric,
                             .a = w->window->a, .b = w->window->b, .deal = w->window->deal, .scale = &p->scaling,
                             .sink = {p, p->wanted.matrix ? store_tile : NULL}, .lists = p->lists, .include_self = p->wanted.include_self,
                             .radius = p->wanted.radius, .spill = p->spill ? p->spill[w->number] : NULL,
                             .histogram = p->wanted.histogram ? &bins : NULL};
    return fd_distances(lane, &job);
}

static void *work(void *self)
{
    worker *w = self;
    fd_lane *lane = NULL;
    w->err = fd_lane_open(w->pairing->engine, &lane);
    if (!w->err)
        w->err = work_on(w, lane);
    fd_lane_close(lane);
    atomic_fetch_sub(w->running, 1);
    return NULL;
}

/* Keeps the exchange going while the workers compute. */
static fd_error *poll_while(fd_comm_shift *shift, atomic_int *running)
{
    fd_error *err = NULL;
    for (bool done = false; !done && !err && atomic_load(running) > 0;) {
        err = fd_comm_shift_poll(shift, &done);
        fd_sleep(1e-3);
    }
    return err;
}

/* Takes a worker's counts and error. */
static void collect(fd_pairing *p, worker *w, fd_error **err)
{
    for (int i = 0; w->counts && i < FD_HISTOGRAM_BINS + 2; i++)
        p->bins.count[i] += w->counts[i];
    free(w->counts);
    if (!*err)
        *err = w->err;
    else
        fd_error_free(w->err);
}

fd_error *fd_pairing_window(fd_pairing *p, const fd_window *window)
{
    fd_error *err = NULL;
    const int n = p->threads;
    int started = 0;
    atomic_int running;
    worker *workers = NULL;
    pthread_t *threads = NULL;
    atomic_init(&running, n);
    FD_TRY(fd_alloc(&workers, (size_t)n, sizeof *workers));
    FD_TRY(fd_alloc(&threads, (size_t)n, sizeof *threads));
    for (int i = 0; i < n; i++) {
        workers[i] = (worker){.pairing = p, .window = window, .running = &running, .number = i};
        if (p->wanted.histogram)
            FD_TRY(fd_alloc(&workers[i].counts, FD_HISTOGRAM_BINS + 2, sizeof *workers[i].counts));
    }
    for (; started < n && pthread_create(&threads[started], NULL, work, &workers[started]) == 0; started++)
        ;
    if (started == 0)   /* no more threads to be had: this one does it all */
        work(&workers[0]);
    else if (window->shift) {
        atomic_fetch_sub(&running, n - started);
        err = poll_while(window->shift, &running);
    }
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
done:
    for (int i = 0; workers && i < n; i++)
        collect(p, &workers[i], &err);
    free(workers);
    free(threads);
    return err;
}

/* --- rows in memory ------------------------------------------------------------------------------------------------------------------ */

/* Histograms want float32: a bin's edge is near to every pair. */
fd_panel_desc fd_pairing_describe(const fd_pairing *p, int which)
{
    const fd_wanted *w = &p->wanted;
    return (fd_panel_desc){.metric = p->metric, .precision = p->wanted.histogram ? FD_PRECISION_F32 : p->precision, .dim = p->dim, .plan = p->plan[which], .source = p->source[which],
                           .scale = &p->scaling, .tiles = w->matrix, .sweeps = w->k > 0 || w->radius_given || w->histogram};
}

/* This rank's tiles of the whole grid. */
static fd_deal share_of(const fd_pairing *p)
{
    const int ranks = fd_comm_ranks(p->comm), rank = fd_comm_rank(p->comm);
    fd_deal d = {.triangle = p->symmetric, .rows = p->plan[0].blocks, .columns = p->plan[1].blocks};
    int64_t first = 0, tiles = fd_deal_tiles(d.triangle, d.rows, d.columns);
    if (p->symmetric)
        d.end = fd_tile_plan_share(&p->plan[0], ranks, rank, &first) + first;
    else {
        first = tiles / ranks * rank + tiles % ranks * rank / ranks;
        d.end = tiles / ranks * (rank + 1) + tiles % ranks * (rank + 1) / ranks;
    }
    atomic_init(&d.next, first);
    return d;
}

/* Every rank has all rows. */
static fd_error *compute_resident(fd_pairing *p)
{
    fd_error *err = NULL;
    fd_lane *lane = NULL;
    fd_panel panel[2] = {{0}, {0}};
    fd_deal deal = share_of(p);
    double mark = fd_now();
    fd_error *own = fd_lane_open(p->engine, &lane);
    own = fd_comm_agree(p->comm, own);
    for (int i = 0; i < (p->symmetric ? 1 : 2) && !own; i++) {
        const fd_panel_desc desc = fd_pairing_describe(p, i);
        own = fd_comm_agree(p->comm, fd_panel_open(lane, &desc, 0, p->plan[i].blocks, &panel[i]));
    }
    FD_TRY(own);
    fd_stage_add(p->stages, FD_STAGE_EXCHANGE, &mark, (double)p->n[1], (double)(p->n[1] * p->dim * 4));
    FD_TRY(fd_comm_agree(p->comm, fd_pairing_window(p, &(fd_window){&panel[0], p->symmetric ? &panel[0] : &panel[1], &deal, NULL})));
    fd_stage_add(p->stages, FD_STAGE_DISTANCES, &mark, (double)fd_deal_tiles(deal.triangle, deal.rows, deal.columns) / fd_comm_ranks(p->comm),
                 p->wanted.matrix ? (double)p->n[0] * (double)p->n[1] * 4 / fd_comm_ranks(p->comm) : 0);
done:
    fd_panel_close(&panel[0]);
    fd_panel_close(&panel[1]);
    fd_lane_close(lane);
    return err;
}

/* --- more rows than memory ------------------------------------------------------------------------------------------------------------- */

typedef struct stream {
    fd_pairing *pairing;
    fd_lane *lane;
    fd_panel a, b;
} stream;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Reads blocks first.. of rows or columns into memory. */
static fd_error *turn(stream *s, int which, int64_t first, fd_panel *panel)
{
    fd_error *err = NULL;
    fd_pairing *p = s->pairing;
    double mark = fd_now();
    const int64_t count = least(p->panel, p->plan[which].blocks - first);
    const fd_panel_desc desc = fd_pairing_describe(p, which);
    fd_panel_close(panel);
    FD_TRY(fd_comm_agree(p->comm, fd_panel_open(s->lane, &desc, first, count, panel)));
    fd_stage_add(p->stages, FD_STAGE_EXCHANGE, &mark, (double)(count * p->plan[which].side), (double)(count * p->plan[which].side * p->dim * 4));
done:
    return err;
}

/* This rank's share of the tiles between the two panels. */
static fd_error *window(stream *s, const fd_panel *b)
{
    fd_error *err = NULL;
    fd_pairing *p = s->pairing;
    double mark = fd_now();
    const int ranks = fd_comm_ranks(p->comm), rank = fd_comm_rank(p->comm);
    fd_deal deal = {.triangle = b == &s->a, .first_row = s->a.first, .first_column = b->first, .rows = s->a.count, .columns = b->count};
    const int64_t tiles = fd_deal_tiles(deal.triangle, deal.rows, deal.columns), first = tiles * rank / ranks;
    deal.end = tiles * (rank + 1) / ranks;
    atomic_init(&deal.next, first);
    FD_TRY(fd_comm_agree(p->comm, fd_pairing_window(p, &(fd_window){&s->a, b, &deal, NULL})));
    fd_stage_add(p->stages, FD_STAGE_DISTANCES, &mark, (double)(deal.end - first), 0);
done:
    return err;
}

/* Every panel of rows against every panel of columns; of the same rows each two panels once. */
static fd_error *compute_streamed(fd_pairing *p)
{
    fd_error *err = NULL;
    stream s = {.pairing = p};
    FD_TRY(fd_comm_agree(p->comm, fd_lane_open(p->engine, &s.lane)));
    for (int64_t i = 0; i < p->plan[0].blocks; i += p->panel) {
        FD_TRY(turn(&s, 0, i, &s.a));
        if (p->symmetric)
            FD_TRY(window(&s, &s.a));
        for (int64_t j = p->symmetric ? i + p->panel : 0; j < p->plan[1].blocks; j += p->panel) {
            FD_TRY(turn(&s, 1, j, &s.b));
            FD_TRY(window(&s, &s.b));
        }
        fd_panel_close(&s.b);
    }
done:
    fd_panel_close(&s.a);
    fd_panel_close(&s.b);
    fd_lane_close(s.lane);
    return err;
}

fd_error *fd_pairing_compute(fd_pairing *p, fd_result_writer *w)
{
    p->writer = w;
    return p->exchange == FD_EXCHANGE_RING ? fd_pairing_ring(p) : p->panel ? compute_streamed(p) : compute_resident(p);
}
