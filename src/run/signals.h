/* Wishes that a run saves what it has and stops: the signals TERM, INT, USR1, USR2, the end of its time, or another rank's. */
#ifndef FD_RUN_SIGNALS_H
#define FD_RUN_SIGNALS_H

#include "base/status.h"

/* Catches them from now on; a second INT ends the process at once. */
void fd_signals_catch(void);
/* In a child: from now on they end the process, as without fd_signals_catch. */
void fd_signals_leave(void);
/* 1 when one came. */
int fd_signals_seen(void);
/* As if one had come: another rank was told, or time is up. Any thread. */
void fd_signals_pass_on(void);
/* FD_INTERRUPTED when one came: for the points where work can stop. Any thread. */
fd_error *fd_signals_check(void) FD_CHECK;

#endif
