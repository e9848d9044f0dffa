/* Where what is installed with the program lies. */
#ifndef FD_RUN_RESOLVE_H
#define FD_RUN_RESOLVE_H

#include "base/status.h"

/* *out = share/facesdist/NAME beside the folder of the program. free() it. */
fd_error *fd_job_installed(const char *name, char **out) FD_CHECK;

#endif
