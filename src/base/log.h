/* Two voices on stderr: rank 0 speaks for the job, any rank speaks for itself with "[rank host]" in front. Nothing here prints to
 * stdout. Writing never kills the run: a closed stderr is ignored. The logger is the only global of the library. */
#ifndef FD_BASE_LOG_H
#define FD_BASE_LOG_H

#include <stdbool.h>

#include "base/status.h"

typedef enum fd_level { FD_QUIET = -1, FD_NORMAL = 0, FD_VERBOSE = 1, FD_DEBUG = 2 } fd_level;

void fd_log_init(int rank, int ranks, const char *host, fd_level level);
void fd_log_set_level(fd_level level);
fd_level fd_log_level(void);

/* The job's voice: printed by rank 0 only, when the level is at least `level`. */
void fd_say(fd_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A rank's own voice: a warning, always printed: "warning: message", with "[3 node7] " in front when there is more than one rank. Any thread. */
void fd_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "facesdist: error: message", and the trace when verbose. Any rank. */
void fd_report(const char *program, const fd_error *e);
/* True when stderr, or what fd_log_draw_on named, is a terminal: progress bars are drawn, else lines every 30 s. */
bool fd_log_is_terminal(void);
/* Draws progress on this terminal, though stderr is a pipe (to an mpirun, which passes it on to that terminal). -1: no more. */
void fd_log_draw_on(int terminal);
/* Redraws a progress line in place on a terminal, cut to its width (the next fd_say or fd_warn goes below it; "" takes it away); elsewhere prints
 * it as a line. Rank 0 only, not when quiet. */
void fd_log_progress(const char *line);

#endif
