#include "net/plan.h"

#include <stdlib.h>

#include "base/memory.h"

int fd_plan_root(const fd_plan *plan, int i)
{
    while (plan->array[i].same != i)
        i = plan->array[i].same;
    return i;
}

static bool in_arena(const fd_plan *p, int i)
{
    const fd_array *a = &p->array[i];
    return a->where == FD_IN_ARENA && a->same == i && a->first >= 0;
}

static size_t padded(const fd_array *a)
{
    return (a->shape.bytes + FD_ALIGN - 1) / FD_ALIGN * FD_ALIGN;
}

/* Larger first; equal ones in the order of their lives, so that the plan does not depend on the sort. */
static int by_size(const void *x, const void *y)
{
    const fd_array *a = *(fd_array *const *)x, *b = *(fd_array *const *)y;
    if (a->shape.bytes != b->shape.bytes)
        return a->shape.bytes > b->shape.bytes ? -1 : 1;
    return a->first != b->first ? (a->first < b->first ? -1 : 1) : (a > b) - (a < b);
}

static bool meet(const fd_array *a, const fd_array *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest gap among those that live at the same time; `placed` is in order of offsets. */
static size_t lowest_gap(const fd_array *a, fd_array *const *placed, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!meet(a, placed[i]))
            continue;
        if (placed[i]->offset >= at + padded(a))
            break;
        size_t end = placed[i]->offset + padded(placed[i]);
        at = end > at ? end : at;
    }
    return at;
}

/* Puts `a` among n arrays in order of offsets. */
static void insert(fd_array **placed, size_t n, fd_array *a)
{
    for (; n > 0 && placed[n - 1]->offset > a->offset; n--)
        placed[n] = placed[n - 1];
    placed[n] = a;
}

fd_error *fd_plan_place(fd_plan *plan)
{
    fd_error *err = NULL;
    fd_array **order = NULL, **placed = NULL;
    size_t n = 0;
    FD_TRY(fd_alloc(&order, plan->arrays, sizeof(fd_array *)));
    FD_TRY(fd_alloc(&placed, plan->arrays, sizeof(fd_array *)));
    for (size_t i = 0; i < plan->arrays; i++)
        if (in_arena(plan, (int)i))
            order[n++] = &plan->array[i];
    qsort(order, n, sizeof(fd_array *), by_size);
    plan->arena = 0;
    for (size_t i = 0; i < n; i++) {
        order[i]->offset = lowest_gap(order[i], placed, i);
        insert(placed, i, order[i]);
        size_t end = order[i]->offset + padded(order[i]);
        plan->arena = end > plan->arena ? end : plan->arena;
    }
done:
    free(order);
    free(placed);
    return err;
}
