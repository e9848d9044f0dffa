/* facesdist-invert: the negative of pictures. */
#ifndef FD_RUN_INVERT_H
#define FD_RUN_INVERT_H

#include "run/run.h"

extern const fd_program fd_invert_program;
fd_error *fd_run_invert(fd_comm *c, fd_options *o, int *exit_code) FD_CHECK;

#endif
