#include "dist/lists.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct shelf {
    pthread_mutex_t lock;
    fd_topk list;   /* distance NULL: never touched */
} shelf;

struct fd_lists {
    fd_metric metric;
    int64_t n, side, k, blocks;
    shelf *shelf;   /* [blocks] */
};

static int64_t rows_of(const fd_lists *l, int64_t block)
{
    return block < l->blocks - 1 ? l->side : l->n - block * l->side;
}

static fd_error *new_lists(const fd_lists *l, int64_t n, fd_topk *out)
{
    fd_error *err = NULL;
    fd_topk list = {.k = l->k};
    const size_t places = (size_t)(n * l->k);
    FD_TRY(fd_alloc_aligned(&list.distance, places, sizeof *list.distance));
    FD_TRY(fd_alloc_aligned(&list.index, places, sizeof *list.index));
    fd_topk_clear(&list, l->metric, n);
    *out = list;
    return NULL;
done:
    fd_lists_release(&list);
    return err;
}

fd_error *fd_lists_open(fd_metric metric, int64_t n, int64_t side, int64_t k, fd_lists **out)
{
    fd_error *err = NULL;
    fd_lists *l = NULL;
    assert(k > 0 && side > 0);
    FD_TRY(fd_alloc(&l, 1, sizeof *l));
    *l = (fd_lists){.metric = metric, .n = n, .side = side, .k = k, .blocks = (n + side - 1) / side};
    FD_TRY(fd_alloc(&l->shelf, (size_t)l->blocks, sizeof *l->shelf));
    for (int64_t b = 0; b < l->blocks; b++)
        pthread_mutex_init(&l->shelf[b].lock, NULL);
    *out = l;
    l = NULL;
done:
    fd_lists_close(l);
    return err;
}

void fd_lists_close(fd_lists *l)
{
    if (!l)
        return;
    for (int64_t b = 0; l->shelf && b < l->blocks; b++) {
        fd_lists_release(&l->shelf[b].list);
        pthread_mutex_destroy(&l->shelf[b].lock);
    }
    free(l->shelf);
    free(l);
}

fd_error *fd_lists_own(const fd_lists *l, fd_topk *out)
{
    return new_lists(l, l->side, out);
}

void fd_lists_release(fd_topk *own)
{
    free(own->distance);
    free(own->index);
    *own = (fd_topk){0};
}

fd_error *fd_lists_lock(fd_lists *l, int64_t block, fd_topk *out)
{
    fd_error *err = NULL;
    shelf *s = &l->shelf[block];
    pthread_mutex_lock(&s->lock);
    if (!s->list.distance)
        FD_TRY(new_lists(l, rows_of(l, block), &s->list));
    *out = s->list;
done:
    if (err)
        pthread_mutex_unlock(&s->lock);
    return err;
}

void fd_lists_unlock(fd_lists *l, int64_t block)
{
    pthread_mutex_unlock(&l->shelf[block].lock);
}

static void copy(const fd_topk *to, const fd_topk *from, int64_t n)
{
    memcpy(to->distance, from->distance, (size_t)(n * to->k) * sizeof *to->distance);
    memcpy(to->index, from->index, (size_t)(n * to->k) * sizeof *to->index);
}

fd_error *fd_lists_borrow(fd_lists *l, int64_t block, fd_topk *own)
{
    fd_error *err = NULL;
    fd_topk shared;
    FD_TRY(fd_lists_lock(l, block, &shared));
    copy(own, &shared, rows_of(l, block));
    fd_lists_unlock(l, block);
done:
    return err;
}

fd_error *fd_lists_merge(fd_lists *l, int64_t block, const fd_topk *own)
{
    fd_error *err = NULL;
    fd_topk shared, scratch = {.k = l->k};
    FD_TRY(fd_alloc(&scratch.distance, (size_t)l->k, sizeof *scratch.distance));
    FD_TRY(fd_alloc(&scratch.index, (size_t)l->k, sizeof *scratch.index));
    FD_TRY(fd_lists_lock(l, block, &shared));
    fd_lists_join(l->metric, &shared, own, rows_of(l, block), &scratch);
    fd_lists_unlock(l, block);
done:
    free(scratch.distance);
    free(scratch.index);
    return err;
}

/* Whether place a of one list comes before place b of another; places without a row come last. */
static bool before(fd_metric metric, float a, int64_t index_a, float b, int64_t index_b)
{
    if (index_a < 0 || index_b < 0)
        return index_a >= 0;
    if (a != b)
        return metric == FD_INNER ? a > b : a < b;
    return index_a < index_b;
}

void fd_lists_join(fd_metric metric, const fd_topk *into, const fd_topk *from, int64_t n, const fd_topk *scratch)
{
    const int64_t k = into->k;
    for (int64_t i = 0; i < n; i++) {
        float *x = into->distance + i * k, *y = from->distance + i * k;
        int64_t *p = into->index + i * k, *q = from->index + i * k, a = 0, b = 0;
        for (int64_t at = 0; at < k; at++) {
            const bool first = before(metric, x[a], p[a], y[b], q[b]);
            const bool both = p[a] == q[b];
            scratch->distance[at] = first || both ? x[a] : y[b];
            scratch->index[at] = first || both ? p[a] : q[b];
            a += first || both;
            b += !first || both;
        }
        memcpy(x, scratch->distance, (size_t)k * sizeof *x);
        memcpy(p, scratch->index, (size_t)k * sizeof *p);
    }
}

int fd_lists_touched(const fd_lists *l, int64_t block)
{
    return l->shelf[block].list.distance != NULL;
}
