/* How long a run may take. */
#ifndef FD_RUN_TIME_LIMIT_H
#define FD_RUN_TIME_LIMIT_H

#include "base/option.h"

/* When a run that began at `start` (fd_now()) shall have saved everything, as fd_now(); 0: never. --time-limit, else the end that Slurm foresees. */
double fd_time_limit(const fd_options *o, double start);

#endif
