/* Cells of P-Net's answer that may be faces, in the order region, row, column. */
#ifndef FD_KERNELS_CANDIDATES_H
#define FD_KERNELS_CANDIDATES_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* height x width cells; the first is (row, column) of its level. */
typedef struct fd_cells {
    int32_t tag; /* given back in each hit */
    int32_t row, column, height, width;
    const float *prob; /* [height][width] of class 1, rows `pitch` floats apart */
    const float *box;  /* [4] planes of the same, `plane` floats apart */
    int64_t pitch, plane;
    int64_t lines_before; /* sum of the heights of the regions before this one */
} fd_cells;

typedef struct fd_hit {
    int32_t tag, row, column;
    float score;
    float box[4];
} fd_hit;

typedef struct fd_hits {
    fd_hit *hit; /* [capacity] */
    int64_t capacity;
    int64_t *found; /* cells >= threshold; may exceed capacity, then only the first ones are in `hit` */
    int64_t *line;  /* [lines] scratch */
} fd_hits;

/* cells[n] with `lines` rows in sum. */
int fd_candidates(const fd_cells *cells, int32_t n, int64_t lines, float threshold, fd_hits out, fd_stream stream);

FD_C_END

#endif
