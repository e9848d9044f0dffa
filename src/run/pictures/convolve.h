/* facesdist-convolve: pictures filtered by a window. */
#ifndef FD_RUN_CONVOLVE_H
#define FD_RUN_CONVOLVE_H

#include "run/run.h"

extern const fd_program fd_convolve_program;
fd_error *fd_run_convolve(fd_comm *c, fd_options *o, int *exit_code) FD_CHECK;

#endif
