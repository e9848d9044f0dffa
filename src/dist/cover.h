/* Which tiles of the global grid are done: what a run that was interrupted left, however many ranks it had and however the rows got to them. */
#ifndef FD_DIST_COVER_H
#define FD_DIST_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The grid that is asked about: blocks of rows and columns; symmetric: tile (I, J) has J >= I. */
typedef struct fd_grid { bool symmetric; int64_t blocks[2]; } fd_grid;

/* A window: block rows first_row.. and block columns first_column..; triangle: rows and columns are the same blocks. Its tiles are numbered row by row. */
typedef struct fd_grid_window { bool triangle; int64_t first_row, first_column, rows, columns; } fd_grid_window;
int64_t fd_grid_window_tiles(const fd_grid_window *w);
/* Where block row `row` (0: the window's first) begins. */
int64_t fd_grid_window_row(const fd_grid_window *w, int64_t row);

typedef enum fd_cover_kind {
    FD_COVER_WINDOW,   /* tiles from..to-1 of a window */
    FD_COVER_RING      /* the first steps of a ring of so many ranks (run/pairing_ring.c) */
} fd_cover_kind;

/* One of the sets whose union is done. */
typedef struct fd_cover {
    fd_cover_kind kind;
    fd_grid_window window;
    int64_t from, to;                /* tiles of the window */
    int64_t ranks, steps, moving;    /* ring: moving 0: rows go round, 1: columns; of a symmetric grid both are the same */
} fd_cover;

typedef struct fd_coverage { fd_grid grid; const fd_cover *cover; size_t n; } fd_coverage;

bool fd_covered(const fd_coverage *c, int64_t I, int64_t J);

/* Panel of a ring of `ranks` that holds a block; and where panel r begins. */
int64_t fd_ring_first(int64_t blocks, int64_t ranks, int64_t r);
int64_t fd_ring_panel(int64_t blocks, int64_t ranks, int64_t block);

/* A cover as numbers, for a journal; false where they cannot be one of this grid. */
enum { FD_COVER_NUMBERS = 11 };
void fd_cover_pack(const fd_cover *c, int64_t out[FD_COVER_NUMBERS]);
bool fd_cover_unpack(const int64_t in[FD_COVER_NUMBERS], const fd_grid *grid, fd_cover *out);

#endif
