/* Sweeps as they are defined: every pair's value, offered to every output. */
#include "engine/distance.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/ref/ref.h"
#include "kernels/math/pair.h"

typedef struct ref_block {
    fd_block base;
    float *row; /* [n][dim] */
    double *factor; /* [n]: cosine 1 / |x|, else 1; NaN: the row is not usable */
} ref_block;

size_t fd_ref_block_bytes(const fd_engine *e, const fd_block_desc *d)
{
    (void)e;
    return sizeof(ref_block) + (size_t)d->n * ((size_t)d->dim * sizeof(float) + sizeof(double));
}

void fd_ref_block_close(fd_block *block)
{
    ref_block *b = (ref_block *)block;
    if (!b)
        return;
    free(b->row);
    free(b->factor);
    free(b);
}

double fd_ref_factor(fd_metric metric, double factor)
{
    if (isnan(factor) || factor == 0)
        return NAN;
    return metric != FD_COSINE ? 1 : isinf(factor) ? NAN : factor; /* infinite: a row of zeros */
}

fd_error *fd_ref_block_open(fd_lane *lane, const fd_block_desc *d, fd_block **out)
{
    (void)lane;
    fd_error *err = NULL;
    const int64_t n = d->n, dim = d->dim;
    ref_block *b = NULL;
    FD_TRY(fd_alloc(&b, 1, sizeof *b));
    b->base = (fd_block){d->metric, n, dim};
    FD_TRY(fd_alloc(&b->row, (size_t)n * (size_t)dim, sizeof(float)));
    FD_TRY(fd_alloc(&b->factor, (size_t)n, sizeof(double)));
    memcpy(b->row, d->row, (size_t)(n * dim) * sizeof(float));
    for (int64_t i = 0; i < n; i++)
        b->factor[i] = d->valid && !d->valid[i] ? NAN : fd_ref_factor(d->metric, fd_pair_factor(b->row + i * dim, dim));
    *out = &b->base;
    b = NULL;
done:
    fd_ref_block_close((fd_block *)b);
    return err;
}

static float value_of(const ref_block *a, int64_t i, const ref_block *b, int64_t j)
{
    const int64_t dim = a->base.dim;
    const float *x = a->row + i * dim, *y = b->row + j * dim;
    switch (a->base.metric) {
    case FD_INNER:
        return (float)fd_pair_dot(x, y, dim);
    case FD_COSINE:
        return (float)(fd_pair_squares(x, a->factor[i], y, b->factor[j], dim) / 2);
    case FD_EUCLIDEAN:
        return (float)sqrt(fd_pair_squares(x, 1, y, 1, dim));
    default:
        return (float)fd_pair_squares(x, 1, y, 1, dim);
    }
}

/* One pair, i of a and j of b, to all who want it. */
static void offer(const fd_sweep *s, int64_t i, int64_t j, float value)
{
    const fd_metric metric = s->a->metric;
    const fd_topk *other = s->a == s->b ? &s->topk_a : &s->topk_b;
    const int64_t row = s->first_a + i, column = s->first_b + j;
    if (s->topk_a.k)
        fd_topk_insert(&s->topk_a, metric, i, value, column);
    if (other->k)
        fd_topk_insert(other, metric, j, value, row);
    if (s->radius && fd_within(metric, value, s->radius->radius)) {
        if (s->radius->count < s->radius->capacity)
            s->radius->pair[s->radius->count] = (fd_pair){row, column, value};
        s->radius->count++;
    }
    if (s->histogram)
        s->histogram->count[fd_histogram_place(s->histogram, (double)value)]++;
}

size_t fd_ref_sweep_bytes(const fd_engine *e, const fd_block_desc *d, int64_t k)
{
    (void)e, (void)d, (void)k;
    return 0;
}

fd_error *fd_ref_sweep(fd_lane *lane, const fd_sweep *s)
{
    (void)lane;
    const ref_block *a = (const ref_block *)s->a, *b = (const ref_block *)s->b;
    for (int64_t i = 0; i < a->base.n; i++) {
        if (isnan(a->factor[i]))
            continue;
        if (a == b && s->include_self && s->topk_a.k)
            fd_topk_insert(&s->topk_a, a->base.metric, i, value_of(a, i, a, i), s->first_a + i);
        for (int64_t j = a == b ? i + 1 : 0; j < b->base.n; j++)
            if (!isnan(b->factor[j]))
                offer(s, i, j, value_of(a, i, b, j));
    }
    return NULL;
}
