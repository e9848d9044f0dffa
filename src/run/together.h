/* Work of unknown length between two collectives. */
#ifndef FD_RUN_TOGETHER_H
#define FD_RUN_TOGETHER_H

#include "run/faces/job.h"

/* Collective: each rank does its work (NULL: it has none) in a thread of its own, while the ranks go on telling each other that they live. So
 * --timeout ends a job whose rank is stuck, and never one whose rank is only busy, however long a scan or a commit takes; and a signal that one rank got
 * is soon known to all (fd_signals_check). All agree on the outcome. `work` must not use comm. */
fd_error *fd_together(fd_comm *c, double timeout, fd_error *(*work)(void *self), void *self) FD_CHECK;   /* timeout: --timeout */
fd_error *fd_job_together(fd_job *job, fd_error *(*work)(void *self), void *self) FD_CHECK;

#endif
