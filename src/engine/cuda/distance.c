/* Operators on embeddings. Blocks and tiles live on the GPU; lists, pairs and counts are the host's and travel with each sweep. */
#include "engine/distance.h"

#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/cuda.h"
#include "kernels/distance.h"
#include "kernels/sweep.h"

_Static_assert((int)FD_PAIR_EUCLIDEAN == (int)FD_EUCLIDEAN && (int)FD_PAIR_SQEUCLIDEAN == (int)FD_SQEUCLIDEAN && (int)FD_PAIR_COSINE == (int)FD_COSINE &&
                   (int)FD_PAIR_INNER == (int)FD_INNER,
               "kernels and engine number the metrics alike");
_Static_assert(sizeof(fd_found) == sizeof(fd_pair) && offsetof(fd_found, j) == offsetof(fd_pair, j) &&
                   offsetof(fd_found, distance) == offsetof(fd_pair, distance),
               "what is found is a pair");

typedef struct cuda_block {
    fd_block base;
    fd_cuda_engine *engine;
    fd_sweep_block device;
} cuda_block;

static fd_error *norms(fd_lane *base, const float *rows, int64_t n, int64_t dim, float *norm)
{
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    return fd_cuda_error(fd_cuda_of(lane), fd_norms(rows, n, dim, norm, fd_cuda_stream(lane)), "norms");
}

/* A value depends on its two rows alone: equal blocks need no care. */
static fd_error *tile(fd_lane *base, fd_metric metric, const fd_rows *a, const fd_rows *b, int64_t dim, int same, float *out, int64_t pitch)
{
    (void)same;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    const fd_tile_side x = {a->row, a->norm, a->n}, y = {b->row, b->norm, b->n};
    return fd_cuda_error(fd_cuda_of(lane), fd_distance_tile((int32_t)metric, x, y, dim, out, pitch, fd_cuda_stream(lane)), "distance tile");
}

/* --- blocks ----------------------------------------------------------------------------------------------------------------------------- */

static size_t block_bytes(const fd_engine *e, const fd_block_desc *d)
{
    (void)e;
    return sizeof(cuda_block) + (size_t)fd_sweep_block_bytes(d->n, d->dim);
}

static void block_close(fd_block *block)
{
    cuda_block *b = (cuda_block *)block;
    if (!b)
        return;
    fd_cuda_give(b->engine, NULL, b->device.memory);
    free(b);
}

static fd_error *block_open(fd_lane *base, const fd_block_desc *d, fd_block **out)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    cuda_block *b = NULL;
    uint8_t *valid = NULL;
    FD_TRY(fd_alloc(&b, 1, sizeof *b));
    b->base = (fd_block){d->metric, d->n, d->dim};
    b->engine = fd_cuda_of(lane);
    b->device = (fd_sweep_block){.metric = (int32_t)d->metric, .n = d->n, .dim = d->dim};
    FD_TRY(fd_cuda_take(b->engine, (size_t)fd_sweep_block_bytes(d->n, d->dim), &b->device.memory));
    if (d->valid)
        FD_TRY(fd_cuda_send(lane, d->valid, (size_t)d->n, &valid));
    FD_CUDA(b->engine, fd_sweep_prepare(b->device, d->row, valid, fd_cuda_stream(lane)));
    FD_TRY(fd_cuda_lane_sync(base));   /* other lanes may use it at once */
    *out = &b->base;
    b = NULL;
done:
    block_close((fd_block *)b);
    return err;
}

/* --- sweeps ----------------------------------------------------------------------------------------------------------------------------- */

enum { FIRST_PAIRS = 1 << 20 };   /* room for pairs that a sweep begins with; more is taken when they do not fit */

/* One sweep's memory on the device: `bytes` in sum, each part aligned. */
typedef struct sweeping {
    fd_cuda_lane *lane;
    fd_sweep s;         /* what is asked for; less when it is repeated */
    fd_sweep_job job;
    unsigned char *memory;
    void *scratch;
    uint64_t *counts;   /* host: [bins + 2] of this sweep */
} sweeping;

static size_t aligned(size_t bytes)
{
    return (bytes + FD_CUDA_POOL_ALIGN - 1) / FD_CUDA_POOL_ALIGN * FD_CUDA_POOL_ALIGN;
}

static size_t list_bytes(int64_t n, int64_t k)
{
    return aligned((size_t)(n * k) * sizeof(float)) + aligned((size_t)(n * k) * sizeof(int64_t));
}

static size_t sweep_bytes(const fd_engine *e, const fd_block_desc *d, int64_t k)
{
    (void)e;
    const double pairs = (double)d->n * (double)d->n;
    const size_t found = pairs < (double)FIRST_PAIRS ? (size_t)pairs : FIRST_PAIRS;
    return 2 * list_bytes(d->n, k) + aligned((size_t)fd_sweep_scratch(d->n, d->n, k)) + found * sizeof(fd_found) + 4 * FD_CUDA_POOL_ALIGN;
}

static void *cut(unsigned char **at, size_t bytes)
{
    void *part = *at;
    *at += aligned(bytes);
    return part;
}

static fd_sweep_lists cut_lists(unsigned char **at, int64_t n, int64_t k)
{
    fd_sweep_lists l = {.k = k, .distance = NULL, .index = NULL};
    if (k) {
        l.distance = cut(at, (size_t)(n * k) * sizeof(float));
        l.index = cut(at, (size_t)(n * k) * sizeof(int64_t));
    }
    return l;
}

/* Lists of zero length where nobody wants them; those of b only where b is another block. */
static int64_t list_of_b(const fd_sweep *s)
{
    return s->a == s->b ? 0 : s->topk_b.k;
}

static fd_error *lay_out(sweeping *w, int64_t pairs)
{
    fd_error *err = NULL;
    const fd_sweep *s = &w->s;
    fd_sweep_out *out = &w->job.out;
    const int64_t longest = s->topk_a.k > list_of_b(s) ? s->topk_a.k : list_of_b(s);
    const size_t scratch = (size_t)fd_sweep_scratch(s->a->n, s->b->n, longest), bins = s->histogram ? (size_t)(s->histogram->bins + 2) : 0;
    const size_t bytes = list_bytes(s->a->n, s->topk_a.k) + list_bytes(s->b->n, list_of_b(s)) + aligned(scratch) + aligned(bins * sizeof(uint64_t)) +
                         aligned(sizeof(uint64_t)) + aligned((size_t)pairs * sizeof(fd_found));
    FD_TRY(fd_cuda_take(fd_cuda_of(w->lane), bytes, &w->memory));
    unsigned char *at = w->memory;
    out->a = cut_lists(&at, s->a->n, s->topk_a.k);
    out->b = cut_lists(&at, s->b->n, list_of_b(s));
    w->scratch = cut(&at, scratch);
    out->histogram = s->histogram ? cut(&at, bins * sizeof(uint64_t)) : NULL;
    out->count = cut(&at, sizeof(uint64_t));
    out->pair = cut(&at, (size_t)pairs * sizeof(fd_found));
    out->capacity = pairs;
done:
    return err;
}

static fd_error *send_list(sweeping *w, fd_sweep_lists to, const fd_topk *from, int64_t n)
{
    fd_error *err = NULL;
    FD_TRY(fd_cuda_upload(&w->lane->base, to.distance, from->distance, (size_t)(n * to.k) * sizeof *to.distance));
    FD_TRY(fd_cuda_upload(&w->lane->base, to.index, from->index, (size_t)(n * to.k) * sizeof *to.index));
done:
    return err;
}

static fd_error *fetch_list(sweeping *w, const fd_topk *to, fd_sweep_lists from, int64_t n)
{
    fd_error *err = NULL;
    FD_TRY(fd_cuda_download(&w->lane->base, to->distance, from.distance, (size_t)(n * from.k) * sizeof *from.distance));
    FD_TRY(fd_cuda_download(&w->lane->base, to->index, from.index, (size_t)(n * from.k) * sizeof *from.index));
done:
    return err;
}

/* Queues the sweep on memory for `pairs` pairs and waits for the number of pairs found. */
static fd_error *run(sweeping *w, int64_t pairs, uint64_t *found)
{
    fd_error *err = NULL;
    const fd_sweep *s = &w->s;
    fd_cuda_engine *e = fd_cuda_of(w->lane);
    fd_sweep_out *out = &w->job.out;
    FD_TRY(lay_out(w, pairs));
    if (out->histogram)
        FD_CUDA(e, cudaMemsetAsync(out->histogram, 0, (size_t)(s->histogram->bins + 2) * sizeof(uint64_t), fd_cuda_stream(w->lane)));
    FD_CUDA(e, cudaMemsetAsync(out->count, 0, sizeof *out->count, fd_cuda_stream(w->lane)));
    FD_TRY(send_list(w, out->a, &s->topk_a, s->a->n));
    FD_TRY(send_list(w, out->b, &s->topk_b, s->b->n));
    FD_CUDA(e, fd_sweep_pairs(&w->job, w->scratch, fd_cuda_stream(w->lane)));
    FD_TRY(fetch_list(w, &s->topk_a, out->a, s->a->n));
    FD_TRY(fetch_list(w, &s->topk_b, out->b, s->b->n));
    if (out->histogram)
        FD_TRY(fd_cuda_download(&w->lane->base, w->counts, out->histogram, (size_t)(s->histogram->bins + 2) * sizeof(uint64_t)));
    FD_TRY(fd_cuda_download(&w->lane->base, found, out->count, sizeof *found));
    FD_TRY(fd_cuda_lane_sync(&w->lane->base));
done:
    return err;
}

/* Pairs that did not fit: once more for them alone, with room for all that the caller can take. */
static fd_error *run_again(sweeping *w, int64_t pairs, uint64_t *found)
{
    w->s.topk_a.k = w->s.topk_b.k = 0;
    w->s.histogram = NULL;
    fd_cuda_give(fd_cuda_of(w->lane), w->lane, w->memory);
    w->memory = NULL;
    return run(w, pairs, found);
}

static fd_error *take_pairs(sweeping *w, fd_radius *radius, uint64_t found, int64_t room)
{
    fd_error *err = NULL;
    const int64_t stored = (int64_t)found < room ? (int64_t)found : room;
    if (stored > w->job.out.capacity)
        FD_TRY(run_again(w, stored, &found));
    if (stored > 0) {
        FD_TRY(fd_cuda_download(&w->lane->base, radius->pair + radius->count, w->job.out.pair, (size_t)stored * sizeof *radius->pair));
        FD_TRY(fd_cuda_lane_sync(&w->lane->base));
    }
    radius->count += (int64_t)found;
done:
    return err;
}

static int64_t room_of(const fd_radius *r)
{
    return r && r->capacity > r->count ? r->capacity - r->count : 0;
}

static fd_error *sweep(fd_lane *base, const fd_sweep *s)
{
    fd_error *err = NULL;
    const cuda_block *a = (const cuda_block *)s->a, *b = (const cuda_block *)s->b;
    const int64_t room = room_of(s->radius);
    uint64_t found = 0;
    sweeping w = {.lane = (fd_cuda_lane *)base, .s = *s, .job = {.a = a->device, .b = b->device, .same = a == b, .first_a = s->first_a, .first_b = s->first_b}};
    w.job.out.include_self = s->include_self;
    if (s->radius) {
        w.job.out.radius_wanted = 1;
        w.job.out.radius = s->radius->radius;
    }
    if (s->histogram) {
        w.job.out.low = s->histogram->low;
        w.job.out.scale = s->histogram->scale;
        w.job.out.bins = s->histogram->bins;
        FD_TRY(fd_alloc(&w.counts, (size_t)(s->histogram->bins + 2), sizeof *w.counts));
    }
    FD_TRY(run(&w, room < FIRST_PAIRS ? room : FIRST_PAIRS, &found));
    for (int64_t i = 0; s->histogram && i < s->histogram->bins + 2; i++)
        s->histogram->count[i] += w.counts[i];
    if (s->radius)
        FD_TRY(take_pairs(&w, s->radius, found, room));
done:
    fd_cuda_give(fd_cuda_of(w.lane), w.lane, w.memory);
    free(w.counts);
    return err;
}

const fd_distance_table fd_cuda_distance_table = {
    .norms = norms,
    .tile = tile,
    .block_bytes = block_bytes,
    .block_open = block_open,
    .block_close = block_close,
    .sweep_bytes = sweep_bytes,
    .sweep = sweep,
};
