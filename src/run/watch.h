/* A thread that looks after a rank: whether a file system still answers, whether time is up, and whether the output is still its own. */
#ifndef FD_RUN_WATCH_H
#define FD_RUN_WATCH_H

#include <stdint.h>

#include "comm/comm.h"
#include "run/lock.h"
#include "run/stage.h"

typedef struct fd_watch fd_watch;

typedef struct fd_watch_config {
    fd_comm *comm;          /* for the rank's name, and to end the job */
    const char *program;    /* in front of its last words */
    double stall;           /* seconds that one step may take beyond what its bytes need; 0: for ever */
    double stop_at;         /* fd_now() when everything shall be saved; 0: never */
    int steps;              /* threads that may be watched at a time */
} fd_watch_config;

fd_error *fd_watch_open(const fd_watch_config *config, fd_watch **out) FD_CHECK;
void fd_watch_close(fd_watch *w);   /* NULL is allowed */

/* The calling thread is about to wait for a file (bytes: how much it moves). A step that does not end in time ends the job: its stage, file, rank and
 * host are told. Returns the step's number for fd_watch_end. w NULL: nothing. */
int fd_watch_begin(fd_watch *w, fd_stage stage, const char *path, int64_t bytes);
void fd_watch_end(fd_watch *w, int step);

/* Looks after this lock from now on (NULL: none any more): a job that lost it to another one ends. */
void fd_watch_lock(fd_watch *w, const fd_lock *lock);

#endif
