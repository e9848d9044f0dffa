/* Comparison with a tolerance: what is measured, its bar, the verdict. */
#ifndef FD_RUN_COMPARE_FACES_H
#define FD_RUN_COMPARE_FACES_H

#include <stdbool.h>

#include "base/option.h"
#include "store/result.h"

/* Prints the tables to stdout; *within: all bars are met. name[]: of the files; b is the reference. */
fd_error *fd_compare_faces(const fd_options *options, fd_result *a, fd_result *b, const char *const name[2], bool *within) FD_CHECK;

#endif
