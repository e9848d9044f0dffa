/* One window of the grid on all threads of all ranks, in rounds: between them the ranks meet, save what they have, and may stop. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/pairs/checkpoint.h"
#include "run/signals.h"

static const double ROUND = 2.5;        /* seconds between two meetings: how late a signal is heard, and a rank that is lost is missed */
static const double BEAT = 0.25;        /* seconds between two beats */
static const double SHORTEST = 0.02;    /* the same where every moment is to be saved */

/* --- threads ------------------------------------------------------------------------------------------------------------------------- */

typedef struct worker {
    fd_pairing *pairing;
    const fd_window *window;
    atomic_int *running;
    int number;
    uint64_t *counts;   /* [FD_HISTOGRAM_BINS + 2] its own */
    int64_t saturated;
    fd_error *err;
} worker;

static fd_error *store_tile(void *self, int64_t I, int64_t J, const float *values, int64_t rows, int64_t columns, int64_t pitch)
{
    worker *w = self;
    const fd_tile_plan *plan = w->pairing->plan;
    return fd_tiles_store(w->pairing, w->number, &(fd_matrix_tile){I * plan[0].side, J * plan[1].side, rows, columns, pitch, values}, &w->saturated);
}

static fd_error *work_on(worker *w, fd_lane *lane)
{
    fd_pairing *p = w->pairing;
    fd_histogram bins = p->bins;
    bins.count = w->counts;
    const fd_dist_job job = {.metric = p->metric, .dim = p->dim, .side = {p->plan[0].side, p->plan[1].side}, .symmetric = p->symmetric,
                             .a = w->window->a, .b = w->window->b, .deal = w->window->deal, .scale = &p->scaling,
                             .sink = {w, p->wanted.matrix ? store_tile : NULL}, .lists = p->lists, .include_self = p->wanted.include_self,
                             .radius = p->wanted.radius, .spill = p->spill ? p->spill[w->number] : NULL,
                             .histogram = p->wanted.histogram ? &bins : NULL};
    return fd_distances(lane, &job);
}

static void *work(void *self)
{
    worker *w = self;
    fd_lane **lane = &w->pairing->lane[w->number];
    if (!*lane)
        w->err = fd_lane_open(w->pairing->engine, lane);
    if (!w->err)
        w->err = work_on(w, *lane);
    atomic_fetch_sub(w->running, 1);
    return NULL;
}

/* Takes a worker's counts and error. */
static void collect(fd_pairing *p, worker *w, fd_error **err)
{
    for (int i = 0; w->counts && i < FD_HISTOGRAM_BINS + 2; i++)
        p->bins.count[i] += w->counts[i];
    p->saturated += w->saturated;
    free(w->counts);
    if (!*err)
        *err = w->err;
    else
        fd_error_free(w->err);
}

static double round_of(const fd_pairing *p)
{
    double seconds = p->saving.every < ROUND ? p->saving.every : ROUND;
    seconds = p->timeout > 0 && p->timeout / 4 < seconds ? p->timeout / 4 : seconds;
    return seconds > SHORTEST ? seconds : SHORTEST;
}

/* Until the workers end. Keeps the exchange going, and when it is through and the time over, lets them come to an end. */
static fd_error *watch(const fd_pairing *p, const fd_window *w, atomic_int *running)
{
    fd_error *err = NULL;
    const double start = fd_now(), seconds = round_of(p);
    double beaten = start;
    bool through = !w->shift;
    while (atomic_load(running) > 0) {
        if (!through && !err)
            err = fd_comm_shift_poll(w->shift, &through);
        if (err || (through && (fd_now() - start >= seconds || fd_signals_seen())))
            atomic_store(&w->deal->closed, true);
        if (p->beat && fd_now() - beaten >= BEAT) {
            p->beat(p->beat_self);
            beaten = fd_now();
        }
        fd_sleep(1e-3);
    }
    return err;
}

static fd_error *compute_round(fd_pairing *p, const fd_window *window)
{
    fd_error *err = NULL;
    const int n = p->threads;
    int started = 0;
    atomic_int running;
    worker *workers = NULL;
    pthread_t *threads = NULL;
    atomic_init(&running, n);
    atomic_store(&window->deal->closed, false);
    FD_TRY(fd_alloc(&workers, (size_t)n, sizeof *workers));
    FD_TRY(fd_alloc(&threads, (size_t)n, sizeof *threads));
    for (int i = 0; i < n; i++) {
        workers[i] = (worker){.pairing = p, .window = window, .running = &running, .number = i};
        if (p->wanted.histogram)
            FD_TRY(fd_alloc(&workers[i].counts, FD_HISTOGRAM_BINS + 2, sizeof *workers[i].counts));
    }
    for (; started < n && pthread_create(&threads[started], NULL, work, &workers[started]) == 0; started++)
        ;
    atomic_fetch_sub(&running, n - started);
    if (started == 0)   /* no more threads to be had: this one does it all */
        work(&workers[0]);
    else
        err = watch(p, window, &running);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
done:
    for (int i = 0; workers && i < n; i++)
        collect(p, &workers[i], &err);
    free(workers);
    free(threads);
    return err;
}

/* --- between two rounds -------------------------------------------------------------------------------------------------------------- */

/* What a rank tells: its part of the window that is done, whether that is all of it, whether a signal came, whether it is time to save (rank 0). */
typedef struct meeting { int64_t cover[FD_COVER_NUMBERS], finished, signal, due; } meeting;

static fd_error *save(fd_pairing *p, const meeting *all, int ranks)
{
    fd_error *err = NULL;
    fd_cover *covers = NULL;
    const fd_grid grid = {p->symmetric, {p->plan[0].blocks, p->plan[1].blocks}};
    FD_TRY(fd_comm_agree(p->comm, fd_alloc(&covers, (size_t)ranks, sizeof *covers)));
    for (int r = 0; r < ranks; r++)
        if (!fd_cover_unpack(all[r].cover, &grid, &covers[r]))
            FD_THROW(FD_COMM, "rank %d tells of tiles that are none", r);
    FD_TRY(fd_checkpoint_save(p, covers, (size_t)ranks));
done:
    free(covers);
    return err;
}

static fd_error *meet(fd_pairing *p, const fd_deal *deal, int64_t from, bool *finished)
{
    fd_error *err = NULL;
    meeting *all = NULL, own = {.finished = deal->next >= deal->end, .signal = fd_signals_seen(), .due = fd_checkpoint_due(p)};
    const int ranks = fd_comm_ranks(p->comm);
    bool stop = false;
    const fd_cover cover = {.kind = FD_COVER_WINDOW, .window = deal->window, .from = from, .to = deal->next};
    fd_cover_pack(&cover, own.cover);
    FD_TRY(fd_comm_agree(p->comm, fd_alloc(&all, (size_t)ranks, sizeof *all)));
    FD_TRY(fd_comm_all_gather_fixed(p->comm, &own, all, sizeof own));
    *finished = true;
    for (int r = 0; r < ranks; r++) {
        *finished = *finished && all[r].finished;
        stop = stop || all[r].signal;
    }
    if (stop || all[0].due)
        FD_TRY(save(p, all, ranks));
    if (stop)
        FD_THROW(FD_INTERRUPTED, "interrupted");
done:
    free(all);
    return err;
}

fd_error *fd_pairing_window(fd_pairing *p, const fd_window *w)
{
    fd_error *err = NULL;
    fd_window window = *w;
    const int64_t from = atomic_load(&w->deal->next);
    for (bool finished = false; !finished;) {
        fd_error *own = compute_round(p, &window);
        if (window.shift) {
            fd_error *late = fd_comm_shift_end(window.shift);
            window.shift = NULL;
            if (late) {   /* out of step with the others: nothing but the end is left */
                fd_error_free(own);
                return late;
            }
        }
        FD_TRY(fd_comm_agree(p->comm, own));
        FD_TRY(meet(p, w->deal, from, &finished));
    }
done:
    return err;
}
