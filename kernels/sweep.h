/* All pairs of two blocks of rows, reduced where they are made (engine/sweep.h says what is computed): a float32 product with an error bound
 * decides for which pairs the value of kernels/math/pair.h is computed, and only that value leaves. */
#ifndef FD_KERNELS_SWEEP_H
#define FD_KERNELS_SWEEP_H

#include "kernels/sweep_block.h"

FD_C_BEGIN

/* As fd_pair of engine/sweep.h. */
typedef struct fd_found {
    int64_t i, j;
    float distance;
} fd_found;

/* As fd_topk: nearest first, ties by lower index, -1 where there is none. In and out. */
typedef struct fd_sweep_lists {
    int64_t k; /* 0: not wanted */
    float *distance;
    int64_t *index;
} fd_sweep_lists;

typedef struct fd_sweep_out {
    fd_sweep_lists a, b;     /* for a's rows among b's, for b's among a's (not looked at where both are one block) */
    int32_t include_self;    /* one block: a row is its own neighbour, too */
    int32_t radius_wanted;
    float radius;
    fd_found *pair;          /* [capacity] */
    int64_t capacity;
    uint64_t *count;         /* in: pairs there already; out: with those found here. Beyond capacity they are counted, not stored */
    double low, scale;       /* histogram, as fd_histogram */
    int64_t bins;
    uint64_t *histogram;     /* [bins + 2], added to; null: not wanted */
} fd_sweep_out;

typedef struct fd_sweep_job {
    fd_sweep_block a, b;      /* of one metric and dim */
    int32_t same;             /* b is a: the pairs i < j */
    int64_t first_a, first_b; /* global index of row 0 */
    fd_sweep_out out;
} fd_sweep_job;

/* Bytes of scratch that a job of such blocks with lists of k needs at most. */
int64_t fd_sweep_scratch(int64_t n_a, int64_t n_b, int64_t k);
int fd_sweep_pairs(const fd_sweep_job *job, void *scratch, fd_stream stream);

FD_C_END

#endif
