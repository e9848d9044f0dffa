/* Tiles handed out to threads: a window of the global grid, or a part of it. Results do not depend on who takes what. */
#ifndef FD_DIST_DEAL_H
#define FD_DIST_DEAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The tiles of block rows first_row.. and block columns first_column.., numbered row by row. triangle: rows and columns are the same blocks, and
 * tile (I, J) has J >= I. Of them the tiles first..end-1 are handed out. */
typedef struct fd_deal {
    bool triangle;
    int64_t first_row, first_column, rows, columns;   /* blocks */
    int64_t end;
    atomic_int_least64_t next;
} fd_deal;

/* The tiles of a window. */
int64_t fd_deal_tiles(bool triangle, int64_t rows, int64_t columns);
/* Takes the next few tiles: (I, J), (I, J + 1), ... in one row. Returns how many, 0 when there are no more. Any thread. */
int64_t fd_deal_take(fd_deal *d, int64_t *I, int64_t *J);

#endif
