/* The sweep itself: tiles of products, the pairs that pass, their values, and the outputs. */

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/sweep_amx.h"
#include "engine/cpu/sweep_pair.h"
#include "engine/cpu/sweep_side.h"

/* Rows whose products with a column seed its test: a twentieth of 20,000, whose k best leave less than half of the pairs that would have passed. Whole tiles
 * of every size there is, of rows and of columns. */
enum { SAMPLE = 960 };

/* Not in the state itself: to clear all that would take longer than a small sweep. */
typedef struct room {
    float dot[2][FD_SWEEP_TILE] __attribute__((aligned(64)));
    float sample[SAMPLE * FD_SWEEP_WIDTH] __attribute__((aligned(64)));        /* tiles of products */
    float best[FD_SEED_CLASSES * FD_SWEEP_WIDTH] __attribute__((aligned(64)));   /* of each class of rows; see sweep.h */
    fd_sweep_batch batch;
    uint16_t rest[3 * (FD_SWEEP_BATCH + FD_SWEEP_TILE)];
} room;

typedef struct state {
    const fd_sweep *s;
    const fd_sweep_kernel *kernel;
    fd_sweep_side side[2];
    fd_sweep_side *a, *b; /* the same where the blocks are */
    int rows, width; /* of a tile */
    int64_t cache;   /* bytes of the second level's */
    bool bins_by_value; /* float32 cannot hold the histogram's numbers */
    fd_sweep_bins bins;
    room *room;
} state;

/* --- pairs --------------------------------------------------------------------------------------------------------------------------- */

static void offer_radius(state *w, int64_t i, int64_t j)
{
    fd_radius *r = w->s->radius;
    float value = fd_sweep_value(w->a, i, w->b, j);
    if (!fd_within(w->a->block->base.metric, value, r->radius))
        return;
    const bool turned = w->a == &w->side[1];   /* sides are swapped */
    if (r->count < r->capacity)
        r->pair[r->count] = (fd_pair){w->s->first_a + (turned ? j : i), w->s->first_b + (turned ? i : j), value};
    r->count++;
}

static void offer_self(state *w)
{
    for (int64_t i = 0; i < w->a->block->base.n; i++)
        if (!isnan(w->a->block->factor[i]))
            fd_sweep_known(w->a, i, fd_sweep_value(w->a, i, w->a, i), w->s->first_a + i);
}

/* --- a tile -------------------------------------------------------------------------------------------------------------------------- */

/* The pairs that passed are put where they belong. */
static void deal(state *w)
{
    fd_sweep_side *a = w->a, *b = w->b;
    const int rests = w->kernel->deal(a, b, w->s->radius != NULL, &w->room->batch, w->room->rest);
    for (int h = 0; h < rests; h++) {
        const fd_passed p = w->room->batch.pair[w->room->rest[h] & FD_REST_PLACE];
        if (w->room->rest[h] & FD_REST_A)
            fd_sweep_offer(a, p.i, b, p.j, p.product);
        if (w->room->rest[h] & FD_REST_B)
            fd_sweep_offer(b, p.j, a, p.i, p.product);
        if (w->room->rest[h] & FD_REST_RADIUS)
            offer_radius(w, p.i, p.j);
    }
    w->room->batch.n = 0;
}

static void count_row(state *w, int64_t i, int64_t j0, const float *dot)
{
    const fd_histogram *h = w->s->histogram;
    int32_t low[FD_SWEEP_WIDTH], high[FD_SWEEP_WIDTH];
    const float square = w->a->square[i], *squares = w->b->square + j0;
    const bool by_value = w->bins_by_value || square == FD_WILD;
    if (square == FD_UNUSABLE)
        return;
    if (!by_value)
        w->kernel->places(&w->bins, dot, square, squares, w->width, low, high);
    for (int64_t j = w->a == w->b && i >= j0 ? i + 1 - j0 : 0; j < w->width; j++)
        if (!by_value && low[j] == high[j])
            h->count[low[j]]++;
        else if (squares[j] != FD_UNUSABLE)
            h->count[fd_histogram_place(h, (double)fd_sweep_value(w->a, i, w->b, j0 + j))]++;
}

static void finish(state *w, int64_t i, int64_t j, const float *dot)
{
    if (w->a->list.k || w->b->list.k || w->s->radius)
        w->kernel->collect(&(fd_sweep_tile){w->a, w->b, w->rows, w->width, i, j}, dot, &w->room->batch);
    if (w->room->batch.n >= FD_SWEEP_BATCH)
        deal(w);
    for (int64_t r = 0; w->s->histogram && r < w->rows; r++)
        count_row(w, i + r, j, dot + r * w->width);
}

/* Rows are fetched into the second-level cache while those before them are in hand, a part with each tile. */
typedef struct fetching {
    const char *at, *end;
    int64_t part;
} fetching;

static fetching fetch_begin(const void *from, int64_t bytes, int64_t tiles)
{
    return (fetching){from, (const char *)from + bytes, (bytes / tiles / FD_ALIGN + 1) * FD_ALIGN};
}

static void fetch(fetching *f)
{
    const char *end = f->end - f->at < f->part ? f->end : f->at + f->part;
    for (; f->at < end; f->at += FD_ALIGN)
        __builtin_prefetch(f->at, 0, 2);
}

/* Rows i.. of a against columns first..end-1 of b: the matrix unit multiplies a tile while what follows the tile before is computed. */
static void run_on_matrix_unit(state *w, int64_t i, int64_t first, int64_t end)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const int64_t depth = (a->base.dim + FD_AMX_DEPTH - 1) / FD_AMX_DEPTH * FD_AMX_DEPTH;
    const uint16_t *left = (const uint16_t *)a->left + i * depth, *right = b->right;
    const int64_t bytes = i + 2 * w->rows <= a->base.n ? w->rows * depth * (int64_t)sizeof *left : 0;
    fetching next = fetch_begin(left + w->rows * depth, bytes, (end - first) / w->width + 1);
    fd_amx_multiply(left, right + first * depth, depth);
    for (int64_t j = first, turn = 0; j < end; j += w->width, turn ^= 1) {
        fetch(&next);
        fd_amx_store(w->room->dot[turn]);
        if (j + w->width < end)
            fd_amx_multiply(left, right + (j + w->width) * depth, depth);
        finish(w, i, j, w->room->dot[turn]);
    }
}

static void run_row(state *w, int64_t i, int64_t first, int64_t end)
{
    const fd_cpu_block *a = w->a->block;
    const int64_t dim = a->base.dim;
    const float *left = i + w->rows <= a->base.n ? (const float *)a->left + i * a->pitch : a->tail, *right = w->b->block->right;
    if (a->matrix_unit) {
        run_on_matrix_unit(w, i, first, end);
        return;
    }
    const int64_t bytes = i + 2 * w->rows <= a->base.n ? w->rows * a->pitch * (int64_t)sizeof *left : 0;
    fetching next = fetch_begin(left + w->rows * a->pitch, bytes, (end - first) / w->width + 1);
    for (int64_t j = first; j < end; j += w->width) {
        fetch(&next);
        w->kernel->gemm->rows_of(left, a->pitch, dim, right + j * dim, w->room->dot[0]);
        finish(w, i, j, w->room->dot[0]);
    }
}

/* Rows first_row..last_row-1 and columns likewise: groups of columns that stay in the second-level cache outside, rows inside. Of a block with itself the
 * tiles that touch the upper triangle. */
typedef struct part { int64_t first_row, last_row, first_column, last_column; } part;

static void run_part(state *w, const part *p)
{
    const bool matrix_unit = w->a->block->matrix_unit;
    const int64_t row = w->a->block->base.dim * (matrix_unit ? 2 : 4), group = (w->cache * 3 / 8 / row / w->width + 1) * w->width;
    for (int64_t first = p->first_column; first < p->last_column; first += group) {
        const int64_t end = first + group < p->last_column ? first + group : p->last_column;
        for (int64_t i = p->first_row; i < p->last_row && (w->a != w->b || i < end); i += w->rows) {
            const int64_t diagonal = i / w->width * w->width, from = w->a == w->b && diagonal > first ? diagonal : first;
            run_row(w, i, from, end);
        }
    }
    deal(w);
}

/* --- seeds: columns' tests from their products with the first rows -------------------------------------------------------------------- */

/* The products of rows 0..SAMPLE-1 with the columns at j, into w->room->sample tile by tile, and the best of each class. Returns the number of classes. */
static int sample(state *w, int64_t j)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const int tile = w->rows * w->width, half_more = (int)w->b->list.k * 3 / 2, wanted = half_more > 32 ? half_more : 32, groups = (wanted + w->rows - 1) / w->rows;
    const int64_t dim = a->base.dim, depth = (dim + FD_AMX_DEPTH - 1) / FD_AMX_DEPTH * FD_AMX_DEPTH;
    fd_sweep_tile t = {w->a, w->b, w->rows, w->width, 0, j};
    float *dot = w->room->sample;
    for (int e = 0; e < groups * tile; e++)
        w->room->best[e] = FD_ALWAYS;
    for (int turn = 0; t.i < SAMPLE; t.i += w->rows, dot += tile, turn = turn + 1 < groups ? turn + 1 : 0) {
        if (a->matrix_unit) {
            fd_amx_multiply((const uint16_t *)a->left + t.i * depth, (const uint16_t *)b->right + j * depth, depth);
            fd_amx_store(dot);
        } else
            w->kernel->gemm->rows_of((const float *)a->left + t.i * a->pitch, a->pitch, dim, (const float *)b->right + j * dim, dot);
        w->kernel->best(&t, dot, w->room->best + turn * tile);
    }
    return groups * w->rows;
}

/* Columns SAMPLE.. of side b against rows 0..SAMPLE-1 of side a. */
static void run_seeds(state *w)
{
    const int tile = w->rows * w->width;
    for (int64_t j = SAMPLE; j < w->b->block->base.n; j += w->width) {
        const int classes = sample(w, j);
        w->kernel->seed(&(fd_sweep_tile){w->a, w->b, w->rows, w->width, 0, j}, classes, w->room->best);
        for (int64_t i = 0; i < SAMPLE; i += w->rows)
            finish(w, i, j, w->room->sample + i / w->rows * tile);
    }
    deal(w);
}

/* Whether rows of x want lists and have nothing in them. */
static bool is_empty(const fd_sweep_side *x)
{
    int64_t i = 0;
    while (i < x->block->base.n && x->row[i].list_test == FD_NEVER)
        i++;
    return x->list.k > 0 && x->list.k <= FD_SEED_MOST && i < x->block->base.n && x->row[i].list_test <= FD_ALWAYS;
}

static void swap_sides(state *w)
{
    fd_sweep_side *a = w->a;
    w->a = w->b;
    w->b = a;
}

/* All tiles. */
static void tiles(state *w)
{
    const int64_t n = w->a->block->base.n, m = w->b->block->base.n;
    const bool large = n >= 2 * SAMPLE && m >= 2 * SAMPLE, columns = large && is_empty(w->b), rows = large && w->a != w->b && is_empty(w->a);
    if (!columns && !rows) {
        run_part(w, &(part){0, n, 0, m});
        return;
    }
    run_part(w, &(part){0, SAMPLE, 0, SAMPLE});
    if (columns)
        run_seeds(w);
    else
        run_part(w, &(part){0, SAMPLE, SAMPLE, m});
    swap_sides(w);
    if (rows)
        run_seeds(w);
    swap_sides(w);
    if (w->a != w->b && !rows)
        run_part(w, &(part){SAMPLE, n, 0, SAMPLE});
    run_part(w, &(part){SAMPLE, n, SAMPLE, m});
}

/* --- the sweep ----------------------------------------------------------------------------------------------------------------------- */

static void set_error(state *w)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const double rho = fmax(a->rho, b->rho), g = (2 * (double)a->base.dim + 16) * 0x1p-24;
    for (int k = 0; k < 2; k++) {
        fd_sweep_side *x = &w->side[k];
        x->kappa = 2 * rho * (1 + rho) + g * (1 + rho) * (1 + rho) + 0x1p-20;
        x->unit = ldexp(1, a->exponent + b->exponent);
        x->square_unit = ldexp(1, k ? b->exponent - a->exponent : a->exponent - b->exponent);
        x->other = k ? a->longest : b->longest;
    }
}

static bool fits(double x)
{
    return fabs(x) >= 1e-20 && fabs(x) <= 1e20;
}

static void set_bins(state *w)
{
    const fd_histogram *h = w->s->histogram;
    const fd_metric metric = w->a->block->base.metric;
    if (!h)
        return;
    double unit = metric == FD_COSINE ? 0.5 : w->a->unit;
    w->bins_by_value = !fits(unit) || !fits(h->scale) || !(h->low == 0 || fits(h->low)) || h->bins > 1 << 22;
    w->bins = (fd_sweep_bins){metric, (float)unit, (float)w->a->kappa, (float)h->low, (float)h->scale, (float)h->bins};
}

static fd_error *set_sides(state *w, fd_lane *lane)
{
    const fd_sweep *s = w->s;
    fd_error *err = NULL;
    void *scratch;
    for (int k = 0; k < 2; k++) {
        w->side[k].block = (const fd_cpu_block *)(k ? s->b : s->a);
        w->side[k].kernel = w->kernel;
        w->side[k].first = k ? s->first_b : s->first_a;
        w->side[k].list = k ? s->topk_b : s->topk_a;
        w->side[k].reach = s->radius && k == 0 ? (double)s->radius->radius : NAN;
    }
    w->a = &w->side[0];
    w->b = s->a == s->b ? w->a : &w->side[1];
    set_error(w);
    size_t first = fd_sweep_side_bytes(s->a->n, s->topk_a.k), second = w->a == w->b ? 0 : fd_sweep_side_bytes(s->b->n, s->topk_b.k);
    FD_TRY(fd_host_lane_scratch(lane, first + second, &scratch));
    fd_sweep_side_open(w->a, scratch);
    if (w->a != w->b)
        fd_sweep_side_open(w->b, (char *)scratch + first);
done:
    return err;
}

size_t fd_cpu_sweep_bytes(const fd_engine *e, const fd_block_desc *d, int64_t k)
{
    (void)e;
    return 2 * fd_sweep_side_bytes(d->n, k);
}

fd_error *fd_cpu_sweep(fd_lane *lane, const fd_sweep *s)
{
    fd_error *err = NULL;
    room r;
    state w = {.s = s, .room = &r, .kernel = fd_sweep_kernel_of(lane->engine), .cache = fd_cpu(lane->engine)->cache};
    r.batch.n = 0;
    FD_TRY(set_sides(&w, lane));
    const bool matrix_unit = w.a->block->matrix_unit;
    w.rows = matrix_unit ? FD_SWEEP_ROWS : w.kernel->gemm->rows;
    w.width = matrix_unit ? FD_SWEEP_WIDTH : w.kernel->gemm->width;
    set_bins(&w);
    if (s->a == s->b && s->include_self && s->topk_a.k)
        offer_self(&w);
    if (matrix_unit)
        fd_amx_begin();
    tiles(&w);
    if (matrix_unit)
        fd_amx_end();
    fd_sweep_settle(w.a, w.b, true);
    if (w.a != w.b)
        fd_sweep_settle(w.b, w.a, false);
done:
    return err;
}
