/* The sweep itself: tiles of products, the pairs that pass, their values, and the outputs. */
#include "engine/cpu/sweep.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/sweep_amx.h"

/* Rows whose products with a column seed its test: a fortieth of 20,000, whose k best leave half of the pairs that would have passed. Whole tiles of every
 * size there is, of rows and of columns. */
enum { SAMPLE = 480 };

typedef struct state {
    const fd_sweep *s;
    const fd_sweep_kernel *kernel;
    fd_sweep_side side[2];
    fd_sweep_side *a, *b; /* the same where the blocks are */
    int rows, width; /* of a tile */
    bool bins_by_value; /* float32 cannot hold the histogram's numbers */
    fd_sweep_bins bins;
    float dot[2][FD_SWEEP_TILE] __attribute__((aligned(64)));
    float sample[SAMPLE * FD_SWEEP_WIDTH] __attribute__((aligned(64)));        /* tiles of products */
    float best[FD_SEED_CLASSES * FD_SWEEP_WIDTH] __attribute__((aligned(64)));   /* of each class of rows; see sweep.h */
    uint16_t rest[3 * FD_SWEEP_TILE];
} state;

/* --- pairs --------------------------------------------------------------------------------------------------------------------------- */

/* The value of row i of side x and row j of side y. */
static float value_of(const state *w, const fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t j)
{
    const fd_cpu_block *a = x->block, *b = y->block;
    const float *u = a->row + i * a->pitch, *v = b->row + j * b->pitch;
    switch (a->base.metric) {
    case FD_INNER:
        return (float)w->kernel->dot(u, v, a->pitch);
    case FD_COSINE:
        return (float)(w->kernel->turned(u, a->factor[i], v, b->factor[j], a->pitch) / 2);
    case FD_EUCLIDEAN:
        return (float)sqrt(w->kernel->squares(u, v, a->pitch));
    default:
        return (float)w->kernel->squares(u, v, a->pitch);
    }
}

/* Global index of the first row of the side that row x's pairs are of. */
static int64_t other_first(const state *w, const fd_sweep_side *x)
{
    return x == &w->side[0] ? w->s->first_b : w->s->first_a;
}

/* Drops the waiting pairs of a row that do not pass any more. */
static void sift(fd_sweep_side *x, int64_t i)
{
    x->waits[i] = x->kernel->sift(x->waiting + i * x->room, x->waits[i], x->list_test[i]);
}

static void prefetch(const fd_cpu_block *b, int64_t i)
{
    for (int64_t k = 0; k < b->pitch; k += FD_ALIGN / (int)sizeof(float))
        __builtin_prefetch(b->row + i * b->pitch + k);
}

/* The waiting pairs of a row that still pass get their values. */
static void settle(state *w, fd_sweep_side *x, const fd_sweep_side *y, int64_t i)
{
    const fd_waiting *waiting = x->waiting + i * x->room;
    sift(x, i);
    for (int32_t m = 0; m < x->waits[i]; m++) {
        int64_t j = waiting[m].other;
        if (m + 1 < x->waits[i])
            prefetch(y->block, waiting[m + 1].other);
        if (waiting[m].score >= x->list_test[i])
            fd_sweep_known(x, i, value_of(w, x, i, y, j), other_first(w, x) + j);
    }
    x->waits[i] = 0;
}

static void settle_all(state *w, fd_sweep_side *x, const fd_sweep_side *y)
{
    const int64_t n = x->list.k ? x->block->base.n : 0;
    for (int64_t i = 0; i < n; i++) {
        if (i + 1 < n && x->waits[i + 1] > 0)
            prefetch(y->block, x->waiting[(i + 1) * x->room].other);
        if (x->waits[i] > 0)
            settle(w, x, y, i);
    }
}

/* What the kernel left to be done. */
static void offer_list(state *w, fd_sweep_side *x, int64_t i, fd_sweep_side *y, int64_t j, float dot)
{
    while (dot >= x->list_test[i] + y->half[j]) {
        if (x->square[i] < 0 || y->square[j] < 0) { /* wild: the product says nothing */
            fd_sweep_known(x, i, value_of(w, x, i, y, j), other_first(w, x) + j);
            return;
        }
        if (x->waits[i] < 0)
            fd_sweep_take_list(x, i);
        if (w->kernel->wait(x, i, y, j, dot))
            return;
        sift(x, i);
        if (x->waits[i] > x->room / 4 * 3)
            settle(w, x, y, i);
    }
}

static void offer_radius(state *w, int64_t i, int64_t j)
{
    fd_radius *r = w->s->radius;
    float value = value_of(w, w->a, i, w->b, j);
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
            fd_sweep_known(w->a, i, value_of(w, w->a, i, w->a, i), w->s->first_a + i);
}

/* --- a tile -------------------------------------------------------------------------------------------------------------------------- */

static void offer(state *w, int64_t i0, int64_t j0, const float *dot)
{
    fd_sweep_side *a = w->a, *b = w->b;
    const fd_sweep_tile t = {a, b, w->rows, w->width, i0, j0, w->s->radius != NULL};
    const int rests = w->kernel->offer(&t, dot, w->rest);
    for (int h = 0; h < rests; h++) {
        const int place = w->rest[h] & FD_REST_PLACE;
        const int64_t i = i0 + place / w->width, j = j0 + place % w->width;
        if (w->rest[h] & FD_REST_A)
            offer_list(w, a, i, b, j, dot[place]);
        if (w->rest[h] & FD_REST_B)
            offer_list(w, b, j, a, i, dot[place]);
        if (w->rest[h] & FD_REST_RADIUS)
            offer_radius(w, i, j);
    }
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
            h->count[fd_histogram_place(h, (double)value_of(w, w->a, i, w->b, j0 + j))]++;
}

static void finish(state *w, int64_t i, int64_t j, const float *dot)
{
    if (w->a->list.k || w->b->list.k || w->s->radius)
        offer(w, i, j, dot);
    for (int64_t r = 0; w->s->histogram && r < w->rows; r++)
        count_row(w, i + r, j, dot + r * w->width);
}

/* Rows i.. of a against columns first..end-1 of b: the matrix unit multiplies a tile while what follows the tile before is computed. */
static void run_on_matrix_unit(state *w, int64_t i, int64_t first, int64_t end)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const int64_t depth = (a->base.dim + FD_AMX_DEPTH - 1) / FD_AMX_DEPTH * FD_AMX_DEPTH;
    const uint16_t *left = (const uint16_t *)a->left + i * depth, *right = b->right;
    fd_amx_multiply(left, right + first * depth, depth);
    for (int64_t j = first, turn = 0; j < end; j += w->width, turn ^= 1) {
        fd_amx_store(w->dot[turn]);
        if (j + w->width < end)
            fd_amx_multiply(left, right + (j + w->width) * depth, depth);
        finish(w, i, j, w->dot[turn]);
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
    for (int64_t j = first; j < end; j += w->width) {
        w->kernel->gemm->rows_of(left, a->pitch, dim, right + j * dim, w->dot[0]);
        finish(w, i, j, w->dot[0]);
    }
}

/* Where the next rows' waiting pairs are put: they were last in hand a group of columns ago. */
static void prefetch_lists(const fd_sweep_side *x, int64_t i, int64_t rows)
{
    const int64_t end = i + rows < x->block->base.n ? i + rows : x->block->base.n;
    for (; i < end && x->list.k; i++) {
        __builtin_prefetch(x->sure + i * x->pitch + FD_SURE, 1);
        __builtin_prefetch(x->waiting + i * x->room + (x->waits[i] > 0 ? x->waits[i] : 0), 1);
    }
}

/* Rows first_row..last_row-1 and columns likewise: groups of columns that stay in the second-level cache outside, rows inside. Of a block with itself the
 * tiles that touch the upper triangle. */
typedef struct part { int64_t first_row, last_row, first_column, last_column; } part;

static void run_part(state *w, const part *p)
{
    const bool matrix_unit = w->a->block->matrix_unit;
    const int64_t bytes = matrix_unit ? 1 << 19 : 1 << 18, row = w->a->block->base.dim * (matrix_unit ? 2 : 4);
    const int64_t group = (bytes / row / w->width + 1) * w->width;
    for (int64_t first = p->first_column; first < p->last_column; first += group) {
        const int64_t end = first + group < p->last_column ? first + group : p->last_column;
        for (int64_t i = p->first_row; i < p->last_row && (w->a != w->b || i < end); i += w->rows) {
            const int64_t diagonal = i / w->width * w->width, from = w->a == w->b && diagonal > first ? diagonal : first;
            prefetch_lists(w->a, i + w->rows, w->rows);
            run_row(w, i, from, end);
        }
    }
}

/* --- seeds: columns' tests from their products with the first rows -------------------------------------------------------------------- */

/* The products of rows 0..SAMPLE-1 with the columns at j, into w->sample tile by tile, and the best of each class. Returns the number of classes. */
static int sample(state *w, int64_t j)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const int tile = w->rows * w->width, groups = (32 + w->rows - 1) / w->rows;
    const int64_t dim = a->base.dim, depth = (dim + FD_AMX_DEPTH - 1) / FD_AMX_DEPTH * FD_AMX_DEPTH;
    fd_sweep_tile t = {w->a, w->b, w->rows, w->width, 0, j, false};
    float *dot = w->sample;
    for (int e = 0; e < groups * tile; e++)
        w->best[e] = FD_ALWAYS;
    for (int turn = 0; t.i < SAMPLE; t.i += w->rows, dot += tile, turn = turn + 1 < groups ? turn + 1 : 0) {
        if (a->matrix_unit) {
            fd_amx_multiply((const uint16_t *)a->left + t.i * depth, (const uint16_t *)b->right + j * depth, depth);
            fd_amx_store(dot);
        } else
            w->kernel->gemm->rows_of((const float *)a->left + t.i * a->pitch, a->pitch, dim, (const float *)b->right + j * dim, dot);
        w->kernel->best(&t, dot, w->best + turn * tile);
    }
    return groups * w->rows;
}

/* Columns SAMPLE.. of side b against rows 0..SAMPLE-1 of side a. */
static void run_seeds(state *w)
{
    const int tile = w->rows * w->width;
    for (int64_t j = SAMPLE; j < w->b->block->base.n; j += w->width) {
        const int classes = sample(w, j);
        w->kernel->seed(&(fd_sweep_tile){w->a, w->b, w->rows, w->width, 0, j, false}, classes, w->best);
        for (int64_t i = 0; i < SAMPLE; i += w->rows)
            finish(w, i, j, w->sample + i / w->rows * tile);
    }
}

/* Whether rows of x want lists and have nothing in them. */
static bool is_empty(const fd_sweep_side *x)
{
    int64_t i = 0;
    while (i < x->block->base.n && x->list_test[i] == FD_NEVER)
        i++;
    return x->list.k > 0 && x->list.k <= FD_SEED_MOST && i < x->block->base.n && x->list_test[i] <= FD_ALWAYS;
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
    state w = {.s = s, .kernel = fd_sweep_kernel_of(lane->engine)};
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
    settle_all(&w, w.a, w.b);
    if (w.a != w.b)
        settle_all(&w, w.b, w.a);
done:
    return err;
}
