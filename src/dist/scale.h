/* Keeping squares inside float32: rows multiplied by powers of two, which is exact, and distances scaled back. */
#ifndef FD_DIST_SCALE_H
#define FD_DIST_SCALE_H

#include <stdbool.h>

#include "dist/dist.h"

typedef struct fd_scale {
    bool any;             /* false: all rows are in range and stay as they are */
    bool by_row;          /* cosine: each row by its own power; it does not change the distance */
    int up;               /* else: every row is multiplied by 2^up */
} fd_scale;

/* Looks at all rows of the source: a pure function of the data set. */
fd_error *fd_scale_of(const fd_dist_job *job, fd_scale *out) FD_CHECK;
/* In place, n rows. */
void fd_scale_rows(const fd_scale *s, float *rows, int64_t n, int64_t dim);
/* Distances of scaled rows -> distances of the rows themselves. */
void fd_scale_back(const fd_scale *s, fd_metric metric, float *values, int64_t n);

#endif
