/* facesdist-bench: what a machine can do, as a table and a page. */
#ifndef FD_RUN_BENCH_JOB_H
#define FD_RUN_BENCH_JOB_H

#include "base/option.h"

extern const fd_program fd_bench_program;

fd_error *fd_run_bench(fd_options *o, int *exit_code) FD_CHECK;

#endif
