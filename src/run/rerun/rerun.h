/* facesdist-rerun: whether a result can be had again. Its inputs and its model are checked by their recorded hashes, the main job runs with the
 * recorded options, and the two results are compared. */
#ifndef FD_RUN_RERUN_H
#define FD_RUN_RERUN_H

#include "base/option.h"
#include "comm/comm.h"

extern const fd_program fd_rerun_program;

/* Prints what differs, or that nothing does, to stdout on rank 0. *exit_code: 0 reproduced; 1 not; 2 the result cannot be read; 75 interrupted.
 */
fd_error *fd_run_rerun(fd_comm *c, fd_options *options, int *exit_code) FD_CHECK;

#endif
