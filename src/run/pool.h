/* Items that are each worked on by themselves, on a lane of each thread of this rank: the simplest crew (run/crew.h). */
#ifndef FD_RUN_POOL_H
#define FD_RUN_POOL_H

#include "engine/engine.h"
#include "run/crew.h"

typedef struct fd_pool {
    fd_comm *comm;
    fd_engine *engine;
    int threads;
    int64_t first, last;      /* this rank's items */
    int64_t all;              /* items of all ranks, for the progress */
    int64_t (*done)(void *self);   /* as of a crew; NULL: items are counted */
    const char *what;         /* "pictures" */
    int64_t memory;           /* bytes that items in hand may take in sum; one runs whatever it takes */
    int64_t (*bytes)(void *self, int64_t item);
    fd_error *(*work)(void *self, fd_lane *lane, int64_t item);   /* by several threads at once; an error ends the pool on every rank */
    void *self;
} fd_pool;

/* Collective. *interrupted when a signal asked to stop: items in hand were finished, later ones not begun. */
fd_error *fd_pool_run(const fd_pool *pool, bool *interrupted) FD_CHECK;

#endif
