/* Distances between all rows: one plan of tiles over a global grid, the same whoever computes a tile (design section 6). */
#ifndef FD_DIST_DIST_H
#define FD_DIST_DIST_H

#include <stdbool.h>
#include <stdint.h>

#include "dist/deal.h"
#include "dist/lists.h"
#include "dist/spill.h"
#include "engine/distance.h"

/* The metrics, one const table. */
typedef struct fd_metric_row { const char *name; fd_metric metric; const char *unit, *help; } fd_metric_row;
const fd_metric_row *fd_metric_at(int i);                          /* NULL past the end */
fd_error *fd_metric_find(const char *name, fd_metric *out) FD_CHECK;

/* The plan: n rows cut into blocks of `side` rows (the last may be shorter); tiles (I, J), I <= J, numbered row by row. A pure function of n, so
 * tile (I, J) has the same shape whoever computes it. side: 512, or n rounded up to 64 where that is less. */
typedef struct fd_tile_plan { int64_t n, side, blocks, tiles; } fd_tile_plan;
fd_tile_plan fd_tile_plan_of(int64_t n);
/* For sweeps, whose results do not depend on the plan: as many blocks as `blocks` or a few less, more where they would exceed `most` rows; never of less
 * than fd_tile_plan_of's. */
fd_tile_plan fd_tile_plan_wide(int64_t n, int64_t blocks, int64_t most);
/* The same with the fewest blocks, below `blocks`, of which each of `parts` (fd_tile_plan_share) gets at most 3 % above the mean. */
fd_tile_plan fd_tile_plan_even(int64_t n, int parts, int64_t blocks, int64_t most);
fd_tile_plan fd_tile_plan_with(int64_t n, int64_t side);   /* side > 0 */
void fd_tile_plan_at(const fd_tile_plan *plan, int64_t tile, int64_t *I, int64_t *J);
int64_t fd_tile_plan_rows(const fd_tile_plan *plan, int64_t block);   /* of one block: side, or less in the last */
/* The share of part p of `parts`: tiles first..first+count-1, so that a part stays on a row of blocks. No part has more pairs than the mean and one
 * whole tile: at most 5 % above the mean from 20 tiles of work per part on. */
int64_t fd_tile_plan_share(const fd_tile_plan *plan, int parts, int p, int64_t *first);

/* Rows first..first+count-1, from wherever they are: sets *rows [count][dim] (and *valid [count]; NULL: all are) to host memory that stays until the
 * next call on this thread. */
typedef struct fd_row_source {
    void *self;
    fd_error *(*rows)(void *self, int64_t first, int64_t count, const float **rows, const uint8_t **valid);
    bool together;   /* a collective: all ranks read the same rows in the same order, and fail together */
} fd_row_source;

/* Receives tile (I, J) and, for I < J, its mirror image as tile (J, I): host values [rows][pitch], whole blocks at row I * side, column J * side. */
typedef struct fd_tile_sink {
    void *self;
    fd_error *(*tile)(void *self, int64_t I, int64_t J, const float *values, int64_t rows, int64_t columns, int64_t pitch);
} fd_tile_sink;

typedef struct fd_panel fd_panel;   /* dist/panel.h */
typedef struct fd_scale fd_scale;   /* dist/scale.h */

/* Tiles for one thread to compute, and what becomes of their pairs; any of the outputs may be absent. */
typedef struct fd_dist_job {
    fd_metric metric;
    int64_t dim, side[2];                /* side: of the plans of rows and columns */
    bool symmetric;                      /* rows and columns are the same set */
    const fd_panel *a, *b;               /* where the blocks of rows and of columns are; may be the same */
    fd_deal *deal;                       /* shared with the other threads */
    const fd_scale *scale;               /* of a's and b's tile rows */
    fd_tile_sink sink;                   /* tile NULL: no matrix */
    fd_lists *lists;                     /* nearest of every row; shared with the other threads; NULL */
    bool include_self;                   /* a row is among its own nearest (symmetric only) */
    float radius;
    fd_spill *spill;                     /* of pairs within the radius; this thread's own; NULL */
    const fd_histogram *histogram;       /* of all pairs i < j, or of all where not symmetric; this thread's own; NULL */
} fd_dist_job;

/* Computes what the deal gives. Matrix: NaN (one bit pattern) where a row is not valid, diagonal included. Rows whose squares leave float32's range are
 * scaled by a power of two (one for the data set; one per row for cosine) and the distances scaled back: +inf at worst, never NaN. The others: rows
 * that are not valid take part in no pair. */
fd_error *fd_distances(fd_lane *lane, const fd_dist_job *job) FD_CHECK;

#endif
