/* facesdist-report: a result as one HTML page that needs nothing beside itself. */
#ifndef FD_RUN_PAGE_JOB_H
#define FD_RUN_PAGE_JOB_H

#include "base/option.h"

extern const fd_program fd_report_program;

/* Writes the page that --output names. */
fd_error *fd_run_report(fd_options *options, int *exit_code) FD_CHECK;

#endif
