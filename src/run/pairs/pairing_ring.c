/* The ring: each rank keeps its panel of rows, and another panel visits it, goes on to the neighbour, and so meets every panel. Of the same rows each two
 * panels meet once: half a round is enough, and in the last step of an even number of ranks the two that meet share the work. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/pairs/pairing.h"
#include "run/together.h"

typedef struct ring {
    fd_pairing *pairing;
    fd_lane *lane;
    int rank, ranks, steps;
    int still, moving;        /* which set stays, which goes round: rows (0) or columns (1); both 0 where they are the same */
    fd_panel own, guest;
    float *here, *coming;     /* plain rows of the moving set: the guest's, and those on their way */
} ring;

/* Blocks of panel r. */
static int64_t first_of(const ring *g, int which, int r)
{
    return fd_ring_first(g->pairing->plan[which].blocks, g->ranks, r);
}

static int64_t rows_of(const ring *g, int r)
{
    const fd_tile_plan *plan = &g->pairing->plan[g->moving];
    const int64_t first = first_of(g, g->moving, r) * plan->side, end = first_of(g, g->moving, r + 1) * plan->side;
    return (end < plan->n ? end : plan->n) - (first < plan->n ? first : plan->n);
}

/* A source of the guest's rows. */
typedef struct visit { const ring *ring; int64_t first; uint8_t *valid; } visit;

static fd_error *guest_rows(void *self, int64_t first, int64_t count, const float **rows, const uint8_t **valid)
{
    const visit *v = self;
    const fd_pairing *p = v->ring->pairing;
    *rows = v->ring->here + (first - v->first) * p->dim;
    for (int64_t i = 0; i < count; i++)
        v->valid[i] = fd_row_is_valid(*rows + i * p->dim, p->dim, p->metric);
    *valid = v->valid;
    return NULL;
}

static fd_error *prepare_guest(ring *g, int r, fd_panel *out)
{
    fd_error *err = NULL;
    const fd_tile_plan *plan = &g->pairing->plan[g->moving];
    const int64_t first = first_of(g, g->moving, r);
    visit v = {.ring = g, .first = first * plan->side};
    fd_panel_desc desc = fd_pairing_describe(g->pairing, g->moving);
    desc.source = (fd_row_source){&v, guest_rows, false};
    fd_panel_close(out);
    FD_TRY(fd_alloc(&v.valid, (size_t)plan->side, 1));
    FD_TRY(fd_panel_open(g->lane, &desc, first, first_of(g, g->moving, r + 1) - first, out));
done:
    free(v.valid);
    return err;
}

/* This rank's rows of both sets, from the sources. */
static fd_error *open_own(void *self)
{
    fd_error *err = NULL;
    ring *g = self;
    const fd_pairing *p = g->pairing;
    const fd_tile_plan *plan = &p->plan[g->moving];
    int64_t most = 0;
    for (int r = 0; r < g->ranks; r++)
        most = rows_of(g, r) > most ? rows_of(g, r) : most;
    FD_TRY(fd_lane_open(p->engine, &g->lane));
    FD_TRY(fd_alloc_aligned(&g->here, (size_t)(most * p->dim), sizeof *g->here));
    FD_TRY(fd_alloc_aligned(&g->coming, (size_t)(most * p->dim), sizeof *g->coming));
    const int64_t start = first_of(g, g->moving, g->rank) * plan->side, piece = fd_tile_plan_of(plan->n).side;   /* what sources have at a time */
    for (int64_t at = 0; at < rows_of(g, g->rank); at += piece) {
        const float *rows = NULL;
        const uint8_t *valid = NULL;
        const int64_t n = rows_of(g, g->rank) - at < piece ? rows_of(g, g->rank) - at : piece;
        FD_TRY(p->source[g->moving].rows(p->source[g->moving].self, start + at, n, &rows, &valid));
        memcpy(g->here + at * p->dim, rows, (size_t)(n * p->dim) * sizeof *rows);
    }
    if (p->symmetric)
        return prepare_guest(g, g->rank, &g->own);
    const fd_panel_desc desc = fd_pairing_describe(p, g->still);
    const int64_t first = first_of(g, g->still, g->rank);
    FD_TRY(fd_panel_open(g->lane, &desc, first, first_of(g, g->still, g->rank + 1) - first, &g->own));
done:
    return err;
}

/* The guest's rows to the rank before, the next guest's from the rank after. */
static fd_error *pass_on(ring *g, int step, fd_comm_shift **shift)
{
    const int before = (g->rank + g->ranks - 1) % g->ranks, after = (g->rank + 1) % g->ranks, guest = (g->rank + step) % g->ranks;
    const int64_t row = g->pairing->dim * (int64_t)sizeof(float);
    const fd_comm_parcel send = {g->here, rows_of(g, guest) * row, before};
    const fd_comm_parcel receive = {g->coming, rows_of(g, (guest + 1) % g->ranks) * row, after};
    return fd_comm_shift_begin(g->pairing->comm, &send, &receive, shift);
}

/* Own panel against the guest of this step: lower blocks are the rows of a tile. */
static fd_error *meet(ring *g, int step, fd_comm_shift *shift)
{
    fd_pairing *p = g->pairing;
    const int guest = (g->rank + step) % g->ranks;
    const fd_panel *other = p->symmetric && step == 0 ? &g->own : &g->guest;
    const bool swap = p->symmetric ? guest < g->rank : g->still == 1;
    const fd_panel *a = swap ? other : &g->own, *b = swap ? &g->own : other;
    fd_deal deal = {.window = {a == b, a->first, b->first, a->count, b->count}, .done = &p->before};
    const bool shared = p->symmetric && step > 0 && 2 * step == g->ranks;
    double mark = fd_now();
    fd_deal_share(&deal, shared ? 2 : 1, shared && swap);
    const int64_t first = atomic_load(&deal.next);
    fd_error *err = fd_pairing_window(p, &(fd_window){a, b, &deal, shift});
    fd_stage_add(p->stages, FD_STAGE_DISTANCES, &mark, (double)(deal.end - first), 0);
    return err;
}

static fd_error *step_of(ring *g, int step)
{
    fd_error *err = NULL, *own = NULL;
    fd_pairing *p = g->pairing;
    fd_comm_shift *shift = NULL;
    double mark = fd_now();
    if (step > 0 || !p->symmetric)
        own = prepare_guest(g, (g->rank + step) % g->ranks, &g->guest);
    FD_TRY(fd_comm_agree(p->comm, own));
    if (step + 1 < g->steps)
        FD_TRY(pass_on(g, step, &shift));
    fd_stage_add(p->stages, FD_STAGE_EXCHANGE, &mark, (double)rows_of(g, (g->rank + step) % g->ranks), 0);
    FD_TRY(meet(g, step, shift));
    if (shift) {
        float *swap = g->here;
        g->here = g->coming;
        g->coming = swap;
    }
    p->done[0] = (fd_cover){.kind = FD_COVER_RING, .ranks = g->ranks, .steps = step + 1, .moving = g->moving};
    p->n_done = 1;
done:
    return err;
}

fd_error *fd_pairing_ring(fd_pairing *p)
{
    fd_error *err = NULL;
    ring g = {.pairing = p, .rank = fd_comm_rank(p->comm), .ranks = fd_comm_ranks(p->comm)};
    g.moving = p->symmetric ? 0 : p->plan[0].blocks > p->plan[1].blocks;   /* the smaller set travels */
    g.still = p->symmetric ? 0 : 1 - g.moving;
    g.steps = p->symmetric ? g.ranks / 2 + 1 : g.ranks;
    FD_TRY(fd_together(p->comm, p->timeout, open_own, &g));
    for (int step = 0; step < g.steps; step++)
        FD_TRY(step_of(&g, step));
done:
    fd_panel_close(&g.own);
    fd_panel_close(&g.guest);
    fd_lane_close(g.lane);
    if (fd_error_code(err) != FD_COMM) {   /* else MPI may still write to them */
        free(g.here);
        free(g.coming);
    }
    return err;
}
