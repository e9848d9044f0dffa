/* facesdist-net: one network, looked at, run or timed. */
#ifndef FD_RUN_NET_JOB_H
#define FD_RUN_NET_JOB_H

#include "base/option.h"

extern const fd_program fd_net_program;
fd_error *fd_run_net(fd_options *options, int *exit_code) FD_CHECK;

#endif
