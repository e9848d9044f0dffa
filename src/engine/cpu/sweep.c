/* The sweep itself: tiles of products, the pairs that pass, their values, and the outputs. */
#include "engine/cpu/sweep.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/cpu.h"

/* One of the two blocks. */
typedef struct side {
    const fd_cpu_block *block;
    const fd_topk *list;     /* k = 0: none */
    int64_t first;
    double reach;            /* pairs count that are this near, whatever the lists say; NAN: none */
    double other;            /* longest N of the other side */
    double square_unit;      /* N^2 of this side times this: in units of the products */
    float *test, *half;      /* whole tiles */
    float *square;           /* N^2 in units of the products; -1: wild; -2: not usable */
} side;

typedef struct state {
    const fd_sweep *s;
    const fd_sweep_kernel *kernel;
    side side[2];
    side *a, *b;             /* the same where the blocks are */
    double unit, kappa;      /* products in the data's units: times `unit` */
    int rows, width;         /* of a tile */
    bool bins_by_value;      /* float32 cannot hold the histogram's numbers */
    fd_sweep_bins bins;
    float dot[FD_SWEEP_TILE] __attribute__((aligned(64)));
    uint16_t hit[FD_SWEEP_TILE];
} state;

/* --- tests --------------------------------------------------------------------------------------------------------------------------- */

/* The value that a pair of this row must not be beyond to count; NAN: none counts. */
static double limit_of(fd_metric metric, const side *x, int64_t i)
{
    const fd_topk *list = x->list;
    if (list->k == 0)
        return x->reach;
    int64_t last = (i + 1) * list->k - 1;
    double v = list->index[last] < 0 ? (double)fd_topk_empty(metric) : (double)list->distance[last];
    return metric == FD_INNER ? fmin(v, x->reach) : fmax(v, x->reach);   /* the other one where reach is NAN */
}

/* The test of row i, by the formula in the header. */
static float test_of(const state *w, const side *x, int64_t i)
{
    const fd_metric metric = x->block->base.metric;
    const double limit = limit_of(metric, x, i), slack = 0x1p-22 * fabs(limit) + 0x1p-148, square = x->block->square[i];
    if (isnan(limit))
        return FD_NEVER;
    if (isinf(limit) || square < 0)
        return FD_ALWAYS;
    double test;
    if (metric == FD_INNER)
        test = (limit - slack) / w->unit - w->kappa * sqrt(square) * x->other;
    else {
        double v = limit + slack;
        test = (double)x->half[i] - (metric == FD_EUCLIDEAN ? v < 0 ? 0 : v * v / 2 : metric == FD_COSINE ? v : v / 2) / w->unit;
    }
    test -= 0x1p-20 * fabs(test);
    return test < (double)FD_ALWAYS ? FD_ALWAYS : test > FD_SWEEP_MOST ? (float)FD_SWEEP_MOST : (float)test;
}

static void set_tests(const state *w, side *x, int64_t padded)
{
    const fd_cpu_block *b = x->block;
    for (int64_t i = 0; i < padded; i++) {
        if (i >= b->base.n || isnan(b->factor[i])) {
            x->test[i] = x->half[i] = FD_NEVER;
            x->square[i] = -2;
            continue;
        }
        double square = b->square[i] * x->square_unit, half = b->base.metric == FD_INNER ? 0 : square * (1 - w->kappa) / 2;
        half = half > FD_SWEEP_MOST ? FD_SWEEP_MOST : half < -FD_SWEEP_MOST ? -FD_SWEEP_MOST : half;
        x->half[i] = b->square[i] < 0 ? FD_ALWAYS : (float)half;
        x->square[i] = b->square[i] < 0 || square > FD_SWEEP_MOST ? -1 : (float)square;
        x->test[i] = test_of(w, x, i);
    }
}

/* --- pairs --------------------------------------------------------------------------------------------------------------------------- */

static float value_of(const state *w, int64_t i, int64_t j)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const float *x = a->row + i * a->pitch, *y = b->row + j * b->pitch;
    switch (a->base.metric) {
    case FD_INNER:
        return (float)w->kernel->dot(x, y, a->pitch);
    case FD_COSINE:
        return (float)(w->kernel->turned(x, a->factor[i], y, b->factor[j], a->pitch) / 2);
    case FD_EUCLIDEAN:
        return (float)sqrt(w->kernel->squares(x, y, a->pitch));
    default:
        return (float)w->kernel->squares(x, y, a->pitch);
    }
}

static void offer_list(const state *w, side *x, int64_t i, float value, int64_t index)
{
    if (x->list->k == 0)
        return;
    fd_topk_insert(x->list, x->block->base.metric, i, value, index);
    x->test[i] = test_of(w, x, i);
}

static void offer(state *w, int64_t i, int64_t j)
{
    const float value = value_of(w, i, j);
    const int64_t row = w->a->first + i, column = w->b->first + j;
    fd_radius *r = w->s->radius;
    offer_list(w, w->a, i, value, column);
    offer_list(w, w->b, j, value, row);
    if (!r || !fd_within(w->a->block->base.metric, value, r->radius))
        return;
    if (r->count < r->capacity)
        r->pair[r->count] = (fd_pair){row, column, value};
    r->count++;
}

static void offer_self(state *w)
{
    for (int64_t i = 0; i < w->a->block->base.n; i++)
        if (!isnan(w->a->block->factor[i]))
            offer_list(w, w->a, i, value_of(w, i, i), w->a->first + i);
}

/* --- a tile -------------------------------------------------------------------------------------------------------------------------- */

/* dot[rows][width] of rows i.. and columns j.. */
static void multiply(state *w, int64_t i, int64_t j)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const int64_t dim = a->base.dim;
    if (a->matrix_unit) {
        int64_t depth = (dim + FD_AMX_DEPTH - 1) / FD_AMX_DEPTH * FD_AMX_DEPTH;
        fd_amx_tile((const uint16_t *)a->left + i * depth, (const uint16_t *)b->right + j * depth, depth, w->dot);
        return;
    }
    const float *x[FD_GEMM_ROWS];
    for (int r = 0; r < w->rows; r++)
        x[r] = (const float *)a->left + (i + r < a->base.n ? i + r : a->base.n - 1) * a->pitch;
    w->kernel->gemm->tile(x, dim, (const float *)b->right + j * dim, w->dot);
}

/* Thresholds shrink while the hits of a tile are dealt with: each is tested again. */
static void offer_hits(state *w, int64_t i0, int64_t j0)
{
    const side *a = w->a, *b = w->b;
    fd_sweep_test t = {w->rows, w->width, a->test + i0, a->half + i0, b->test + j0, b->half + j0};
    int hits = w->kernel->find(&t, w->dot, w->hit);
    for (int h = 0; h < hits; h++) {
        int64_t i = i0 + w->hit[h] / w->width, j = j0 + w->hit[h] % w->width;
        float dot = w->dot[w->hit[h]];
        if ((a != b || i < j) && (dot >= a->test[i] + b->half[j] || dot >= a->half[i] + b->test[j]))
            offer(w, i, j);
    }
}

static void count_row(state *w, int64_t i, int64_t j0, const float *dot)
{
    const fd_histogram *h = w->s->histogram;
    int32_t low[FD_SWEEP_WIDTH], high[FD_SWEEP_WIDTH];
    const float square = w->a->square[i], *squares = w->b->square + j0;
    if (square == -2)
        return;
    w->kernel->places(&w->bins, dot, square, squares, w->width, low, high);
    for (int64_t j = 0; j < w->width; j++) {
        if (squares[j] == -2 || (w->a == w->b && j0 + j <= i))
            continue;
        if (w->bins_by_value || square == -1 || squares[j] == -1 || low[j] != high[j])
            h->count[fd_histogram_place(h, (double)value_of(w, i, j0 + j))]++;
        else
            h->count[low[j]]++;
    }
}

static void tile(state *w, int64_t i, int64_t j)
{
    multiply(w, i, j);
    if (w->a->list->k || w->b->list->k || w->s->radius)
        offer_hits(w, i, j);
    for (int64_t r = 0; w->s->histogram && r < w->rows; r++)
        count_row(w, i + r, j, w->dot + r * w->width);
}

/* Groups of columns that stay in the second-level cache outside, rows inside. Of a block with itself the tiles that touch the upper triangle. */
static void tiles(state *w)
{
    const int64_t n = w->a->block->base.n, m = w->b->block->base.n, row = w->a->block->base.dim * (w->a->block->matrix_unit ? 2 : 4);
    const int64_t group = ((1 << 18) / row / w->width + 1) * w->width;
    for (int64_t first = 0; first < m; first += group)
        for (int64_t i = 0; i < n; i += w->rows)
            for (int64_t j = first; j < m && j < first + group; j += w->width)
                if (w->a != w->b || j + w->width > i + 1)
                    tile(w, i, j);
}

/* --- the sweep ----------------------------------------------------------------------------------------------------------------------- */

static void set_error(state *w)
{
    const fd_cpu_block *a = w->a->block, *b = w->b->block;
    const double rho = fmax(a->rho, b->rho), g = (2 * (double)a->base.dim + 16) * 0x1p-24;
    w->kappa = 2 * rho * (1 + rho) + g * (1 + rho) * (1 + rho) + 0x1p-20;
    w->unit = ldexp(1, a->exponent + b->exponent);
    w->side[0].square_unit = ldexp(1, a->exponent - b->exponent);
    w->side[1].square_unit = ldexp(1, b->exponent - a->exponent);
    w->side[0].other = b->longest;
    w->side[1].other = a->longest;
}

static bool fits(double x)
{
    return fabs(x) >= 1e-20 && fabs(x) <= 1e20;
}

static void set_bins(state *w)
{
    const fd_histogram *h = w->s->histogram;
    if (!h)
        return;
    double unit = w->a->block->base.metric == FD_COSINE ? 0.5 : w->unit;
    w->bins_by_value = !fits(unit) || !fits(h->scale) || !(h->low == 0 || fits(h->low)) || h->bins > 1 << 22;
    w->bins = (fd_sweep_bins){w->a->block->base.metric, (float)unit, (float)w->kappa, (float)h->low, (float)h->scale, (float)h->bins};
}

/* Tests of both sides from scratch memory. */
static fd_error *set_sides(state *w, fd_lane *lane)
{
    fd_error *err = NULL;
    void *scratch;
    int64_t padded[2] = {w->s->a->n + FD_SWEEP_TILE, w->s->b->n + FD_SWEEP_TILE};
    FD_TRY(fd_host_lane_scratch(lane, (size_t)(padded[0] + padded[1]) * 3 * sizeof(float), &scratch));
    float *at = scratch;
    for (int k = 0; k < 2; k++) {
        side *x = &w->side[k];
        x->test = at;
        x->half = at + padded[k];
        x->square = at + 2 * padded[k];
        at += 3 * padded[k];
        set_tests(w, x, padded[k]);
    }
done:
    return err;
}

fd_error *fd_cpu_sweep(fd_lane *lane, const fd_sweep *s)
{
    fd_error *err = NULL;
    state w = {.s = s, .kernel = fd_sweep_kernel_of(lane->engine)};
    const double reach = s->radius ? (double)s->radius->radius : NAN;
    w.side[0] = (side){.block = (const fd_cpu_block *)s->a, .list = &s->topk_a, .first = s->first_a, .reach = reach};
    w.side[1] = (side){.block = (const fd_cpu_block *)s->b, .list = s->a == s->b ? &s->topk_a : &s->topk_b, .first = s->first_b, .reach = NAN};
    w.a = &w.side[0];
    w.b = s->a == s->b ? w.a : &w.side[1];
    bool matrix_unit = w.a->block->matrix_unit;
    w.rows = matrix_unit ? FD_SWEEP_ROWS : w.kernel->gemm->rows;
    w.width = matrix_unit ? FD_SWEEP_WIDTH : w.kernel->gemm->width;
    set_error(&w);
    set_bins(&w);
    FD_TRY(set_sides(&w, lane));
    if (s->a == s->b && s->include_self)
        offer_self(&w);
    if (matrix_unit)
        fd_amx_begin();
    tiles(&w);
    if (matrix_unit)
        fd_amx_end();
done:
    return err;
}
