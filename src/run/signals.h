/* Signals that ask a run to save and stop: TERM, INT, USR1, USR2. */
#ifndef FD_RUN_SIGNALS_H
#define FD_RUN_SIGNALS_H

/* Catches them from now on; a second INT ends the process at once. */
void fd_signals_catch(void);
/* 1 when one came. */
int fd_signals_seen(void);

#endif
