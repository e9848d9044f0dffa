/* A rank's share of the pairs. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/pairs/checkpoint.h"

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
    fd_deal d = {.window = {.triangle = p->symmetric, .rows = p->plan[0].blocks, .columns = p->plan[1].blocks}, .done = &p->before};
    int64_t first = 0;
    if (!p->symmetric || p->before.n > 0) {
        fd_deal_share(&d, ranks, rank);
        return d;
    }
    d.end = fd_tile_plan_share(&p->plan[0], ranks, rank, &first) + first;
    atomic_store(&d.next, first);
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
    FD_TRY(fd_pairing_window(p, &(fd_window){&panel[0], p->symmetric ? &panel[0] : &panel[1], &deal, NULL}));
    fd_stage_add(p->stages, FD_STAGE_DISTANCES, &mark, (double)fd_grid_window_tiles(&deal.window) / fd_comm_ranks(p->comm),
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
    fd_deal deal = {.window = {b == &s->a, s->a.first, b->first, s->a.count, b->count}, .done = &p->before};
    fd_deal_share(&deal, fd_comm_ranks(p->comm), fd_comm_rank(p->comm));
    const int64_t first = atomic_load(&deal.next);
    FD_TRY(fd_pairing_window(p, &(fd_window){&s->a, b, &deal, NULL}));
    fd_stage_add(p->stages, FD_STAGE_DISTANCES, &mark, (double)(deal.end - first), 0);
done:
    return err;
}

static bool is_done(const fd_pairing *p, const fd_grid_window *w)
{
    for (int64_t I = w->first_row; I < w->first_row + w->rows; I++)
        for (int64_t J = w->triangle ? I : w->first_column; J < w->first_column + w->columns; J++)
            if (!fd_covered(&p->before, I, J))
                return false;
    return true;
}

/* Rows up to block `row`, and those of the panel in hand up to block `column`, are done. */
static void note_done(stream *s, int64_t row, int64_t column)
{
    fd_pairing *p = s->pairing;
    const int64_t rows = least(p->panel, p->plan[0].blocks - row), columns = p->plan[1].blocks;
    p->done[0] = (fd_cover){.window = {false, 0, 0, row, columns}, .to = row * columns};
    p->done[1] = (fd_cover){.window = {false, row, 0, rows, column}, .to = rows * column};
    p->n_done = 2;
}

/* One panel of rows against panels of columns; those that an earlier run went through are not read again. */
static fd_error *pass(stream *s, int64_t row)
{
    fd_error *err = NULL;
    fd_pairing *p = s->pairing;
    const int64_t rows = least(p->panel, p->plan[0].blocks - row), all = p->plan[1].blocks;
    bool read = false;
    for (int64_t column = p->symmetric ? row : 0; column < all; column += p->panel) {
        const fd_grid_window w = {p->symmetric && column == row, row, column, rows, least(p->panel, all - column)};
        if (!is_done(p, &w)) {
            if (!read)
                FD_TRY(turn(s, 0, row, &s->a));
            if (!w.triangle)
                FD_TRY(turn(s, 1, column, &s->b));
            read = true;
            FD_TRY(window(s, w.triangle ? &s->a : &s->b));
        }
        note_done(s, row, w.first_column + w.columns);
    }
done:
    fd_panel_close(&s->b);
    return err;
}

/* Every panel of rows against every panel of columns; of the same rows each two panels once. */
static fd_error *compute_streamed(fd_pairing *p)
{
    fd_error *err = NULL;
    stream s = {.pairing = p};
    FD_TRY(fd_comm_agree(p->comm, fd_lane_open(p->engine, &s.lane)));
    for (int64_t row = 0; row < p->plan[0].blocks; row += p->panel)
        FD_TRY(pass(&s, row));
done:
    fd_panel_close(&s.a);
    fd_panel_close(&s.b);
    fd_lane_close(s.lane);
    return err;
}

/* Everything is computed; what the writing of it could lose is saved, where it took more than moments. */
static fd_error *save_all(fd_pairing *p)
{
    static const double MOMENTS = 2;   /* seconds */
    fd_error *err = NULL;
    const int64_t rows = p->plan[0].blocks, columns = p->plan[1].blocks;
    int64_t wanted = p->saving.every == 0 || fd_now() - p->checkpoint->last > MOMENTS + p->checkpoint->cost;
    FD_TRY(fd_comm_broadcast(p->comm, &wanted, sizeof wanted, 0));
    p->done[0] = (fd_cover){.window = {false, 0, 0, rows, columns}, .to = rows * columns};
    p->n_done = 1;
    if (wanted)
        FD_TRY(fd_checkpoint_save(p, NULL, 0));
done:
    return err;
}

fd_error *fd_pairing_compute(fd_pairing *p, fd_result_writer *w)
{
    fd_error *err = NULL;
    const fd_grid_window all = {p->symmetric, 0, 0, p->plan[0].blocks, p->plan[1].blocks};
    p->writer = w;
    if (is_done(p, &all))
        return NULL;
    FD_TRY(p->exchange == FD_EXCHANGE_RING ? fd_pairing_ring(p) : p->panel ? compute_streamed(p) : compute_resident(p));
    FD_TRY(save_all(p));
done:
    return err;
}
