/* Memory that the workers of a rank decode into and the engine reads from: taken from the engine once, page-locked where that is a GPU, and shared out. */
#ifndef FD_RUN_DEPOT_H
#define FD_RUN_DEPOT_H

#include "data/decode.h"
#include "engine/engine.h"

typedef struct fd_depot fd_depot;

fd_error *fd_depot_open(fd_engine *e, size_t bytes, fd_depot **out) FD_CHECK;
void fd_depot_close(fd_depot *d);   /* NULL is allowed; all are given back, before the engine is closed */

/* *out = room for a batch, `bytes` of it. Waits until others have given back as much, who asked first first; so a thread has one at a time. More than there
 * will ever be, and 0, give an empty one: such pictures get memory of their own. */
fd_error *fd_depot_take(fd_depot *d, size_t bytes, fd_slab *out) FD_CHECK;
void fd_depot_give(fd_depot *d, fd_slab *slab);   /* an empty one is allowed; empties it */

#endif
