/* Where a result goes: the file behind the name that the user gave, and whether one can be put there. */
#ifndef FD_RUN_OUTPUT_H
#define FD_RUN_OUTPUT_H

#include "base/status.h"

/* *out = the file that a path leads to: a link keeps what it is, and what it names need not be there yet. FD_USAGE: links in a circle. free() it. */
fd_error *fd_output_behind(const char *path, char **out) FD_CHECK;
/* Whether a result can be written there, told before anything is done for it. FD_USAGE: no name of a file, or something else has that name;
 * FD_IO: its folder is missing or may not be written. */
fd_error *fd_output_check(const char *output) FD_CHECK;
/* FD_USAGE when what `option` ("--output") names would take the place of what it is made from. */
fd_error *fd_output_apart(const char *option, const char *output, const char *input) FD_CHECK;

#endif
