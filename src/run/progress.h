/* How far a stage is: one bar on a terminal, a line every 30 s elsewhere; with rate and time left. Rank 0 shows it. */
#ifndef FD_RUN_PROGRESS_H
#define FD_RUN_PROGRESS_H

#include <stdint.h>

typedef struct fd_progress { const char *what; int64_t all; double start, shown; } fd_progress;

void fd_progress_start(fd_progress *p, const char *what, int64_t all);
void fd_progress_show(fd_progress *p, int64_t done);
void fd_progress_end(fd_progress *p);

#endif
