/* --features: what this build has, and what of it this machine can use. */
#ifndef FD_RUN_FEATURES_H
#define FD_RUN_FEATURES_H

#include <stdio.h>

#include "base/status.h"

/* Lines "part: what", engines first; those that cannot be opened say why. */
fd_error *fd_features_print(FILE *out) FD_CHECK;

#endif
