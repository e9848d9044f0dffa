/* Pairs of a sweep that wait for their values, and the values. */
#include <math.h>

#include "base/memory.h"
#include "engine/cpu/sweep_pair.h"

float fd_sweep_value(const fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t j)
{
    const fd_cpu_block *a = x->block, *b = y->block;
    const float *u = a->row + i * a->pitch, *v = b->row + j * b->pitch;
    switch (a->base.metric) {
    case FD_INNER:
        return (float)x->kernel->dot(u, v, a->pitch);
    case FD_COSINE:
        return (float)(x->kernel->turned(u, a->factor[i], v, b->factor[j], a->pitch) / 2);
    case FD_EUCLIDEAN:
        return (float)sqrt(x->kernel->squares(u, v, a->pitch));
    default:
        return (float)x->kernel->squares(u, v, a->pitch);
    }
}

/* The value of row i's pair with row j of y, into i's list. */
static float take(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t j)
{
    const float value = fd_sweep_value(x, i, y, j);
    fd_sweep_known(x, i, value, y->first + j);
    return value;
}

/* There is no more room for row i's waiting pairs: those that still pass get their values. */
static void make_room(fd_sweep_side *x, const fd_sweep_side *y, int64_t i)
{
    const fd_waiting *waiting = x->waiting + i * x->room;
    for (int32_t m = 0; m < x->row[i].waits; m++)
        if (waiting[m].score >= x->row[i].list_test)
            take(x, i, y, waiting[m].other);
    x->row[i].waits = 0;
}

void fd_sweep_offer(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t j, float product)
{
    fd_sweep_row *row = &x->row[i];
    while (product >= row->list_test + y->half[j]) {
        if (x->square[i] < 0 || y->square[j] < 0) { /* wild: the product says nothing */
            take(x, i, y, j);
            return;
        }
        if (row->waits < 0)
            fd_sweep_take_list(x, i);
        if (x->kernel->wait(x, i, y, j, product))
            return;
        row->waits = x->kernel->sift(x->waiting + i * x->room, row->waits, row->list_test);
        if (row->waits > x->room / 4 * 3)
            make_room(x, y, i);
    }
}

/* --- the end of a sweep ---------------------------------------------------------------------------------------------------------------- */

/* Rows are fetched so many pairs before they are needed. */
enum { AHEAD = 4 };

static void prefetch(const fd_cpu_block *b, int64_t i)
{
    for (int64_t k = 0; k < b->pitch; k += FD_ALIGN / (int)sizeof(float))
        __builtin_prefetch(b->row + i * b->pitch + k);
}

static bool is_listed(const fd_topk *list, int64_t i, int64_t index)
{
    for (int64_t m = i * list->k; m < (i + 1) * list->k; m++)
        if (list->index[m] == index)
            return true;
    return false;
}

/* Of row i's waiting pairs those that still need their value, the ones of the best sure scores first. Pairs with y's rows before `settled` may be in the list. */
static void arrange(fd_sweep_side *x, const fd_sweep_side *y, int64_t i, int64_t settled)
{
    fd_waiting *waiting = x->waiting + i * x->room;
    int32_t n = 0, best = 0;
    if (x->row[i].waits <= 0)
        return;
    const float kth = x->sure[i * x->pitch + FD_SURE + x->list.k - 1];
    for (int32_t m = 0; m < x->row[i].waits; m++) {
        const fd_waiting p = waiting[m];
        if (p.score < x->row[i].list_test || (p.other < settled && is_listed(&x->list, i, y->first + p.other)))
            continue;
        waiting[n++] = waiting[best];
        waiting[p.score - y->row[p.other].spread >= kth ? best++ : n - 1] = p;
    }
    x->row[i].waits = n;
}

/* Values of row i's arranged pairs, and for y's rows from `others` on as well; meanwhile the next row's are fetched. */
static void settle(fd_sweep_side *x, fd_sweep_side *y, int64_t i, int64_t others)
{
    const fd_waiting *waiting = x->waiting + i * x->room, *next = waiting + x->room;
    const int32_t n = x->row[i].waits, more = i + 1 < x->block->base.n ? x->row[i + 1].waits : 0;
    for (int32_t m = 0; m < n; m++) {
        const int64_t j = waiting[m].other;
        if (m + AHEAD < n || m + AHEAD - n < more)
            prefetch(y->block, m + AHEAD < n ? waiting[m + AHEAD].other : next[m + AHEAD - n].other);
        if (waiting[m].score < x->row[i].list_test)
            continue;
        const float value = take(x, i, y, j);
        if (j >= others && waiting[m].score + y->half[j] - x->half[i] >= y->row[j].list_test && !is_listed(&y->list, j, x->first + i))
            fd_sweep_known(y, j, value, x->first + i);
    }
    x->row[i].waits = n > 0 ? 0 : x->row[i].waits;
}

void fd_sweep_settle(fd_sweep_side *x, fd_sweep_side *y, bool first)
{
    enum { LONG = 256, LONGER = 8 };   /* floats; times a list, which is looked through twice */
    const int64_t n = x->list.k ? x->block->base.n : 0, none = y->block->base.n;
    const bool shared = x->block->pitch >= LONG && x->block->pitch >= LONGER * (x->list.k > y->list.k ? x->list.k : y->list.k);
    for (int64_t i = -1; i < n; i++) {
        if (i + 1 < n)
            arrange(x, y, i + 1, !shared ? 0 : x == y ? i : first ? 0 : none);
        if (i >= 0)
            settle(x, y, i, !shared ? none : x == y ? i + 2 : first ? 0 : none);   /* the next row is arranged already */
    }
}
