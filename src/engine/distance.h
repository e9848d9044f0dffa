/* Operators on embeddings: float32 rows [n][dim]. */
#ifndef FD_ENGINE_DISTANCE_H
#define FD_ENGINE_DISTANCE_H

#include <stdint.h>

#include "engine/sweep.h"

/* A block of rows with what is computed once per row. */
typedef struct fd_rows {
    const float *row;        /* [n][dim] */
    const float *norm;       /* [n] from `norms` */
    const uint8_t *valid;    /* [n] host; 0: distances are NaN, or undefined on an engine that leaves this to the caller */
    int64_t n;
} fd_rows;

typedef struct fd_distance_table {
    /* norm[i] = squared 2-norm of row i: float of a double sum in order of k. */
    fd_error *(*norms)(fd_lane *lane, const float *rows, int64_t n, int64_t dim, float *norm);
    /* Full tile out[a.n][pitch] of distances between rows of a and of b. d^2 = |x|^2 + |y|^2 - 2 x.y, and where d^2 < (|x|^2 + |y|^2) / 64
     * it is recomputed as the sum of squared differences: equal rows give exactly 0, near ones keep their digits, nothing is negative. The
     * value of a pair depends on the two rows and the tile's shape only, and is the same for (x, y) and (y, x) where `same` is 1. `same`: a
     * and b are the same block: the diagonal is exactly 0 and the lower triangle mirrors the upper. Cosine: 1 - x.y / (|x| |y|), by half
     * the squared difference of the normalised rows where small. Inner product: x.y, diagonal included. */
    fd_error *(*tile)(fd_lane *lane, fd_metric metric, const fd_rows *a, const fd_rows *b, int64_t dim, int same, float *out, int64_t pitch);
    /* Memory that block_open takes for such a block at most; d->row and d->valid are not looked at. */
    size_t (*block_bytes)(const fd_engine *e, const fd_block_desc *d);
    fd_error *(*block_open)(fd_lane *lane, const fd_block_desc *d, fd_block **out);
    void (*block_close)(fd_block *block);   /* NULL is allowed */
    /* Memory of the lane that a sweep of two such blocks takes at most, with lists of k. */
    size_t (*sweep_bytes)(const fd_engine *e, const fd_block_desc *d, int64_t k);
    fd_error *(*sweep)(fd_lane *lane, const fd_sweep *s);   /* engine/sweep.h */
} fd_distance_table;

#endif
