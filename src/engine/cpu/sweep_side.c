#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/cpu.h"
#include "engine/cpu/sweep.h"

static int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

static int64_t sure_pitch(int64_t k)
{
    return round_up(k, 16) + 1;
}

static int64_t room_of(int64_t k)
{
    return k / 2 + 32;
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
    size_t bytes = 5 * aligned(padded_of(n), sizeof(float));
    if (k > 0)
        bytes += aligned(n * sure_pitch(k), sizeof(float)) + aligned(n, sizeof(int32_t)) + aligned(n * room_of(k), sizeof(fd_waiting));
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
    float **arrays[] = {&x->test, &x->half, &x->list_test, &x->spread, &x->square};
    for (int m = 0; m < 5; m++)
        *arrays[m] = take(&at, aligned(x->padded, sizeof(float)));
    if (k == 0)
        return;
    x->sure = take(&at, aligned(n * sure_pitch(k), sizeof(float)));
    x->waits = take(&at, aligned(n, sizeof(int32_t)));
    x->waiting = take(&at, aligned(n * x->room, sizeof(fd_waiting)));
    for (int64_t i = 0; i < n; i++)
        x->waits[i] = -1;
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
        test = (limit - slack) / x->unit - (double)x->spread[i] / 2;
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

static void lower_test(fd_sweep_side *x, int64_t i)
{
    float reach = fd_sweep_test_of(x, i, x->reach);
    x->test[i] = x->list_test[i] < reach ? x->list_test[i] : reach;
}

static void open_row(fd_sweep_side *x, int64_t i)
{
    const fd_cpu_block *b = x->block;
    const bool inner = b->base.metric == FD_INNER;
    x->spread[i] = 0;
    if (i >= b->base.n || isnan(b->factor[i])) {
        x->test[i] = x->list_test[i] = x->half[i] = FD_NEVER;
        x->square[i] = FD_UNUSABLE;
        return;
    }
    double square = b->square[i] * x->square_unit;
    bool wild = b->square[i] < 0 || square > FD_SWEEP_MOST;
    x->square[i] = wild ? (float)FD_WILD : (float)square;
    x->half[i] = wild ? FD_ALWAYS : inner ? 0 : (float)(square * (1 - x->kappa) / 2);
    if (!wild)
        x->spread[i] = (float)((inner ? 2 * x->kappa * sqrt(b->square[i]) * x->other : x->kappa * square) + x->grain) * (1 + 0x1p-18F);
    x->list_test[i] = x->list.k ? fd_sweep_test_of(x, i, listed(x, i, x->list.k - 1)) : FD_NEVER;
    lower_test(x, i);
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

static void raise_list_test(fd_sweep_side *x, int64_t i, float test)
{
    if (!(test > x->list_test[i]))
        return;
    x->list_test[i] = test;
    if (isnan(x->reach))
        x->test[i] = test;
    else
        lower_test(x, i);
}

void fd_sweep_known(fd_sweep_side *x, int64_t i, float value, int64_t index)
{
    fd_topk_insert(&x->list, x->block->base.metric, i, value, index);
    raise_list_test(x, i, fd_sweep_test_of(x, i, listed(x, i, x->list.k - 1)));
}

/* Sure scores of what the list holds: those whose test is the value's, or a rounding below it. */
static void take_list(fd_sweep_side *x, int64_t i)
{
    float *sure = x->sure + i * sure_pitch(x->list.k);
    const int64_t k = x->list.k;
    sure[0] = INFINITY;
    for (int64_t m = 0; m < sure_pitch(k) - 1; m++)
        sure[m + 1] = m < k ? fd_sweep_test_of(x, i, listed(x, i, m)) + x->spread[i] * (1 - 0x1p-19F) : FD_ALWAYS;
    x->waits[i] = 0;
}

/* Pairs tie that float32 cannot tell apart, and the lower index wins: no test may part them. Within its range that is in the error bound
 * already; `grain` (in the spread) is for what is below it, `farthest` for what is beyond. */
static void raise_by_score(fd_sweep_side *x, int64_t i, float test)
{
    if (x->block->base.metric == FD_INNER && test > x->farthest)
        test = x->farthest - x->spread[i];
    if (test > x->half[i] - x->farthest)
        raise_list_test(x, i, test);
}

bool fd_sweep_wait(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product)
{
    const int64_t k = x->list.k;
    if (x->waits[i] == x->room)
        return false;
    if (x->waits[i] < 0)
        take_list(x, i);
    float *sure = x->sure + i * sure_pitch(k);
    float score = product - y->half[other], p = x->block->base.metric == FD_INNER ? score : score - y->spread[other];
    x->waiting[i * x->room + x->waits[i]++] = (fd_waiting){product, (int32_t)other};
    if (p > sure[k]) {
        x->kernel->keep(sure, k, p);
        raise_by_score(x, i, sure[k] - x->spread[i]);
    }
    return true;
}
