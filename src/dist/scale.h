/* Keeping squares inside float32: rows multiplied by powers of two, which is exact, and distances scaled back. */
#ifndef FD_DIST_SCALE_H
#define FD_DIST_SCALE_H

#include <stdbool.h>

#include "dist/dist.h"

/* What is known of all rows: of parts of them, element-wise the largest. */
typedef struct fd_survey {
    int64_t largest;      /* exponent of the largest value; INT32_MIN: all are zero */
    int64_t out_of_range; /* 1: some row's largest value is */
    double norm;          /* largest squared 2-norm of a row */
} fd_survey;

/* Bits of the value that is largest in size, without its sign; 0: all n are zero; from 0x7f800000 on: some are not finite. */
int32_t fd_largest_bits(const float *x, int64_t n);

#define FD_SURVEY_EMPTY (fd_survey){.largest = INT32_MIN}
void fd_survey_rows(fd_survey *s, const float *rows, const uint8_t *valid, int64_t n, int64_t dim);   /* valid NULL: all are */

struct fd_scale {
    bool any;             /* false: all rows are in range and stay as they are */
    bool by_row;          /* cosine: each row by its own power; it does not change the distance */
    int up;               /* else: every row is multiplied by 2^up */
};

fd_scale fd_scale_of(const fd_survey *s, fd_metric metric);
/* In place, n rows. */
void fd_scale_rows(const fd_scale *s, float *rows, int64_t n, int64_t dim);
/* Distances of scaled rows -> distances of the rows themselves. */
void fd_scale_back(const fd_scale *s, fd_metric metric, float *values, int64_t n);

#endif
