/* facesdist-motion: what moves from frame to frame. */
#ifndef FD_RUN_MOTION_H
#define FD_RUN_MOTION_H

#include "run/run.h"

extern const fd_program fd_motion_program;
fd_error *fd_run_motion(fd_comm *c, fd_options *o, int *exit_code) FD_CHECK;

#endif
