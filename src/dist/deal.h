/* Tiles handed out to threads: a window of the global grid, or a part of it. Results do not depend on who takes what. */
#ifndef FD_DIST_DEAL_H
#define FD_DIST_DEAL_H

#include <stdatomic.h>

#include "dist/cover.h"

/* Of a window's tiles the tiles first..end-1 are handed out, but those that are done. */
typedef struct fd_deal {
    fd_grid_window window;
    const fd_coverage *done;      /* NULL: none is */
    int64_t end;
    atomic_int_least64_t next;    /* all before were handed out, or are done */
    atomic_bool closed;           /* set by anyone: no more are handed out */
} fd_deal;

/* Takes the next few tiles: (I, J), (I, J + 1), ... in one row. Returns how many, 0 when there are no more. Any thread. */
int64_t fd_deal_take(fd_deal *d, int64_t *I, int64_t *J);

/* Part p of `parts` of all tiles that are not done: sets next and end. Parts differ by one tile at most, and are the window whole together. */
void fd_deal_share(fd_deal *d, int parts, int p);

#endif
