#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/sweep_side.h"

static int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

static int64_t sure_pitch(int64_t k)
{
    return FD_SURE + round_up(k, 16);
}

static int64_t room_of(int64_t k)
{
    return 2 * k + 64;   /* the k best of them, which always pass, leave room for others */
}

static int64_t padded_of(int64_t n)
{
    return round_up(n + FD_SWEEP_TILE, 16);
}

static size_t aligned(int64_t count, size_t size)
{
    return ((size_t)count * size + FD_ALIGN - 1) / FD_ALIGN * FD_ALIGN;
}

size_t fd_sweep_side_bytes(int64_t n, int64_t k)
{
    size_t bytes = 3 * aligned(padded_of(n), sizeof(float)) + aligned(padded_of(n), sizeof(fd_sweep_row));
    if (k > 0)
        bytes += aligned(n * sure_pitch(k), sizeof(float)) + aligned(n * room_of(k), sizeof(fd_waiting));
    return bytes;
}

static void *take(char **at, size_t bytes)
{
    void *p = *at;
    *at += bytes;
    return p;
}

static void lay_out(fd_sweep_side *x, void *memory)
{
    char *at = memory;
    const int64_t n = x->block->base.n, k = x->list.k;
    x->padded = padded_of(n);
    x->room = room_of(k);
    x->pitch = sure_pitch(k);
    float **arrays[] = {&x->test, &x->half, &x->square};
    for (int m = 0; m < 3; m++)
        *arrays[m] = take(&at, aligned(x->padded, sizeof(float)));
    x->row = take(&at, aligned(x->padded, sizeof *x->row));
    if (k == 0)
        return;
    x->sure = take(&at, aligned(n * sure_pitch(k), sizeof(float)));
    x->waiting = take(&at, aligned(n * x->room, sizeof(fd_waiting)));
}

float fd_sweep_test_of(const fd_sweep_side *x, int64_t i, double limit)
{
    const fd_metric metric = x->block->base.metric;
    if (isnan(limit))
        return FD_NEVER;
    if (metric == FD_INNER && limit > 3.4028234e38)
        limit = 3.4028234e38; /* what rounds to infinity is larger than that */
    if (isinf(limit) || x->square[i] < 0)
        return FD_ALWAYS;
    const double slack = 0x1p-22 * fabs(limit) + 0x1p-148, v = limit + slack;
    double test;
    if (metric == FD_INNER)
        test = (limit - slack) / x->unit - (double)x->row[i].spread / 2;
    else
        test = (double)x->half[i] - (metric == FD_EUCLIDEAN ? v < 0 ? 0 : v * v / 2 : metric == FD_COSINE ? v : v / 2) / x->unit;
    test -= 0x1p-20 * fabs(test);
    return test < (double)FD_ALWAYS ? FD_ALWAYS : test > FD_SWEEP_MOST ? (float)FD_SWEEP_MOST : (float)test;
}

/* The value in place m of a row's list. */
static double listed(const fd_sweep_side *x, int64_t i, int64_t m)
{
    int64_t at = i * x->list.k + m;
    return (double)(x->list.index[at] < 0 ? fd_topk_empty(x->block->base.metric) : x->list.distance[at]);
}

static void open_row(fd_sweep_side *x, int64_t i)
{
    const fd_cpu_block *b = x->block;
    const bool inner = b->base.metric == FD_INNER;
    x->row[i] = (fd_sweep_row){.waits = -1};
    if (i >= b->base.n || isnan(b->factor[i])) {
        x->test[i] = x->row[i].list_test = x->row[i].reach_test = x->half[i] = FD_NEVER;
        x->square[i] = FD_UNUSABLE;
        return;
    }
    double square = b->square[i] * x->square_unit;
    bool wild = b->square[i] < 0 || square > FD_SWEEP_MOST;
    x->square[i] = wild ? (float)FD_WILD : (float)square;
    x->half[i] = wild ? FD_ALWAYS : inner ? 0 : (float)(square * (1 - x->kappa) / 2);
    if (!wild)
        x->row[i].spread = (float)((inner ? 2 * x->kappa * sqrt(b->square[i]) * x->other : x->kappa * square) + x->grain) * (1 + 0x1p-18F);
    x->row[i].list_test = x->list.k ? fd_sweep_test_of(x, i, listed(x, i, x->list.k - 1)) : FD_NEVER;
    x->row[i].reach_test = fd_sweep_test_of(x, i, x->reach);
    x->test[i] = x->row[i].list_test < x->row[i].reach_test ? x->row[i].list_test : x->row[i].reach_test;
}

static void set_range(fd_sweep_side *x)
{
    const fd_metric metric = x->block->base.metric;
    const double most = 3.4028234e38 * (1 - 0x1p-20);
    double farthest = (metric == FD_EUCLIDEAN ? most * most / 2 : metric == FD_SQEUCLIDEAN ? most / 2 : most) / x->unit;
    x->grain = (metric == FD_EUCLIDEAN ? 0x1p-270 : 0x1p-148) / x->unit;
    x->grain = x->grain > FD_SWEEP_MOST ? FD_SWEEP_MOST : x->grain;
    x->farthest = (float)(farthest > FD_SWEEP_MOST ? FD_SWEEP_MOST : farthest);
}

void fd_sweep_side_open(fd_sweep_side *x, void *memory)
{
    lay_out(x, memory);
    set_range(x);
    for (int64_t i = 0; i < x->padded; i++)
        open_row(x, i);
}

void fd_sweep_known(fd_sweep_side *x, int64_t i, float value, int64_t index)
{
    fd_topk_insert(&x->list, x->block->base.metric, i, value, index);
    const float test = fd_sweep_test_of(x, i, listed(x, i, x->list.k - 1));
    if (!(test > x->row[i].list_test))
        return;
    x->row[i].list_test = test;
    x->test[i] = test < x->row[i].reach_test ? test : x->row[i].reach_test;
}

/* Sure scores of what the list holds: those whose test is the value's, or a rounding below it. */
void fd_sweep_take_list(fd_sweep_side *x, int64_t i)
{
    float *sure = x->sure + i * x->pitch + FD_SURE;
    const int64_t k = x->list.k;
    sure[-1] = INFINITY;
    for (int64_t m = 0; m < x->pitch - FD_SURE; m++)
        sure[m] = m < k && x->list.index[i * k + m] >= 0 ? fd_sweep_test_of(x, i, listed(x, i, m)) + x->row[i].spread * (1 - 0x1p-19F) : FD_ALWAYS;
    x->row[i].waits = 0;
}
