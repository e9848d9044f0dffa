/* Rows of a window of blocks in the engine, prepared once for all their tiles. */
#ifndef FD_DIST_PANEL_H
#define FD_DIST_PANEL_H

#include <stdbool.h>

#include "dist/dist.h"
#include "dist/scale.h"

/* A block of rows. */
typedef struct fd_panel_block {
    int64_t n;
    uint8_t *valid;        /* host [n] */
    bool all_valid;
    float *row, *norm;     /* engine memory, scaled: for tiles; NULL when none are wanted */
    fd_block *swept;       /* for sweeps; NULL when none are wanted */
} fd_panel_block;

typedef struct fd_panel {
    fd_engine *engine;
    int64_t first, count;  /* blocks of the grid */
    fd_panel_block *block; /* [count] */
} fd_panel;

typedef struct fd_panel_desc {
    fd_metric metric;
    fd_precision precision;
    int64_t dim;
    fd_tile_plan plan;
    fd_row_source source;
    const fd_scale *scale;   /* for tiles */
    bool tiles, sweeps;      /* what is wanted of it */
} fd_panel_desc;

fd_error *fd_panel_open(fd_lane *lane, const fd_panel_desc *d, int64_t first, int64_t count, fd_panel *out) FD_CHECK;
void fd_panel_close(fd_panel *p);
/* Bytes of memory that `blocks` whole blocks take. */
int64_t fd_panel_bytes(const fd_engine *e, const fd_panel_desc *d, int64_t blocks);

#endif
