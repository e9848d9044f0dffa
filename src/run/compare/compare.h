/* facesdist-compare: two result files, a table of what differs, a verdict. */
#ifndef FD_RUN_COMPARE_H
#define FD_RUN_COMPARE_H

#include "base/option.h"

extern const fd_program fd_compare_program;

/* Compares the files named by the two positionals and prints to stdout. *exit_code: 0 equal or within the bars, 1 not, 2 a file that cannot be
 * read (reported on stderr). */
fd_error *fd_run_compare(fd_options *options, int *exit_code) FD_CHECK;

#endif
