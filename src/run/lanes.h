/* The lanes of a device that many threads feed: few enough to keep it busy, taken in turn. */
#ifndef FD_RUN_LANES_H
#define FD_RUN_LANES_H

#include "engine/engine.h"

typedef struct fd_lanes fd_lanes;

/* At most `threads`; as many as the engine wants. */
fd_error *fd_lanes_open(fd_engine *e, int threads, fd_lanes **out) FD_CHECK;
void fd_lanes_close(fd_lanes *l);   /* NULL is allowed; all are given back */
fd_lane *fd_lanes_take(fd_lanes *l);   /* waits for one */
void fd_lanes_give(fd_lanes *l, fd_lane *lane);

#endif
