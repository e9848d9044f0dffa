/* All pairs of two blocks of rows, reduced where they are made: nearest rows, pairs within a radius, histogram. No tile of distances is stored.
 *
 * Every value that leaves a sweep is the pair's value of kernels/math/pair.h, whatever the engine and precision: products of lower precision
 * with an error bound only decide which pairs it is computed for. Lists, counts and the set of pairs do not depend on the order of sweeps. */
#ifndef FD_ENGINE_SWEEP_H
#define FD_ENGINE_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/metric.h"
#include "kernels/math/pair.h"

/* What may filter the pairs; the results are the same bytes. */
typedef enum fd_precision {
    FD_PRECISION_AUTO,   /* the lowest that this device has: bfloat16 on matrix units; the fastest for lists and radius */
    FD_PRECISION_F32     /* float32; the faster one for histograms, where a bin's edge is near to every pair */
} fd_precision;

/* What a block is made of. `row` is the engine's memory, `valid` the host's and copied. */
typedef struct fd_block_desc {
    fd_metric metric;
    fd_precision precision;
    const float *row;       /* [n][dim] */
    const uint8_t *valid;   /* [n]; 0: the row takes part in no pair; NULL: all do */
    int64_t n, dim;         /* 0 <= n < 2^31, dim > 0. Sweeps of few large blocks (4,096 rows) beat many small ones. */
    float **given;          /* NULL: `row` is copied. Else *given == row, of the engine's alloc: a block that keeps it as its own sets *given to NULL. */
} fd_block_desc;

/* A block of rows prepared once for all its sweeps: a copy of the rows in the engine's order, norms, which are usable. Made by block_open;
 * every engine's own members follow. Immutable: lanes may share it. */
typedef struct fd_block {
    fd_metric metric;
    int64_t n, dim;
} fd_block;

/* The k nearest rows found so far for each row of a block, nearest first; of equal values the lower index. */
typedef struct fd_topk {
    int64_t k;         /* 0: not wanted */
    float *distance;   /* [n][k]; inner product: the similarity, descending */
    int64_t *index;    /* [n][k] global; -1 where fewer than k were found: such places come last, see fd_topk_empty */
} fd_topk;

typedef struct fd_pair {
    int64_t i, j;      /* global rows of a and of b */
    float distance;
} fd_pair;

/* Pairs nearer than the radius: value < radius; inner product: value >= radius. Each pair once, in no particular order. */
typedef struct fd_radius {
    float radius;
    fd_pair *pair;     /* [capacity] */
    int64_t capacity;
    int64_t count;     /* host; in: pairs there already; out: with those of this sweep. Beyond capacity they are counted, not stored: make room,
                        * set the old count and sweep again with neither lists nor histogram. */
} fd_radius;

/* Counts of all pairs. Value v falls into bin (v - low) * scale, rounded down; count[0] has what is below bin 0, count[bins + 1]
 * what is above. */
typedef struct fd_histogram {
    double low, scale; /* scale: bins per unit, > 0 */
    int64_t bins;
    uint64_t *count;   /* [bins + 2], added to */
} fd_histogram;

/* One sweep: rows of a against rows of b, complete on return. Blocks are the engine's; lists, pairs and counts are the host's. Pairs with an unusable row (not valid, not finite, for cosine
 * of length zero) do not exist. */
typedef struct fd_sweep {
    const fd_block *a, *b;           /* of one metric and dim. a == b: the pairs i < j; else all pairs */
    int64_t first_a, first_b;        /* global index of each block's row 0; equal where a == b */
    fd_topk topk_a;                  /* for a's rows among b's; where a == b for all rows among all others */
    fd_topk topk_b;                  /* for b's rows among a's; k = 0: not wanted. Not looked at where a == b */
    int include_self;                /* a == b: row i also counts among its own neighbours; never in radius and histogram */
    fd_radius *radius;               /* NULL: not wanted */
    const fd_histogram *histogram;   /* NULL: not wanted */
} fd_sweep;

/* What stands in the unfilled places of a list, with index -1. */
static inline float fd_topk_empty(fd_metric metric)
{
    return metric == FD_INNER ? -__builtin_inff() : __builtin_inff();
}

/* All lists of n rows empty. Host memory. */
void fd_topk_clear(const fd_topk *list, fd_metric metric, int64_t n);

/* Puts (value, index) where it belongs in the list of a row, or nowhere. Host memory. */
void fd_topk_insert(const fd_topk *list, fd_metric metric, int64_t row, float value, int64_t index);

/* Place of a value in count[]. Never decreasing in v; v is not NaN. */
static inline int64_t fd_histogram_place(const fd_histogram *h, double v)
{
    return fd_pair_place(v, h->low, h->scale, h->bins);
}

static inline int fd_within(fd_metric metric, float value, float radius)
{
    return metric == FD_INNER ? value >= radius : value < radius;
}

#endif
