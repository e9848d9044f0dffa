/* Threads that do one thing together, each on a lane of its own, for measurements. */
#ifndef FD_RUN_TEAM_H
#define FD_RUN_TEAM_H

#include "engine/engine.h"
#include "engine/raster.h"

typedef struct fd_team fd_team;
/* Member k of n does its part. */
typedef fd_error *fd_team_work(void *self, fd_lane *lane, int k, int n);

/* As many members as threads, one on a GPU. fd_team_close in any case. */
fd_error *fd_team_open(fd_engine *engine, int threads, fd_team **out) FD_CHECK;
int fd_team_size(const fd_team *t);
/* All members do their parts, and their lanes come to rest; *seconds: from the first's begin to the last's end. */
fd_error *fd_team_run(fd_team *t, fd_team_work *work, void *self, double *seconds) FD_CHECK;
void fd_team_close(fd_team *t);

#endif
