/* The workers of a rank, and the rank's heartbeat while they work: a few times a second all ranks exchange how far they are, whether one failed and whether
 * a signal came, so that all stop at the same point. */
#ifndef FD_RUN_CREW_H
#define FD_RUN_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "comm/comm.h"

typedef struct fd_crew {
    fd_comm *comm;
    int threads;              /* workers of this rank, named "worker" */
    int64_t first, last;      /* this rank's items */
    int64_t all;              /* items of all ranks, for the progress */
    const char *what;         /* "images" */
    int64_t memory;           /* bytes that items in hand may take in sum; what needs more is worked on alone */
    /* How many items from `next` on a worker takes together (1 .. last - next), and the bytes that they need. One thread at a time, in the order of items. */
    int64_t (*share)(void *self, int64_t next, int64_t *bytes);
    /* Each worker: begin makes its state, which end takes down (NULL where begin failed; one worker at a time); work is called by several at once. Any
     * error ends the crew on every rank. */
    fd_error *(*begin)(void *self, void **state);
    fd_error *(*work)(void *self, void *state, int64_t first, int64_t n);
    void (*end)(void *self, void *state);
    int64_t (*done)(void *self);   /* NULL: items are what is counted; else how much of `all` this rank has done, by any thread */
    void (*beat)(void *self);      /* NULL: nothing; called between two exchanges, by the caller's thread */
    void *self;
} fd_crew;

/* Collective. *interrupted when a signal asked to stop: items in hand were finished, later ones not begun. Long items may look at fd_signals_seen, which
 * every rank sees once one has, and once an error ends the crew, and come to an end by themselves. */
fd_error *fd_crew_run(const fd_crew *crew, bool *interrupted) FD_CHECK;

#endif
