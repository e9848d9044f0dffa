/* Processor and memory over time, for /run/usage. */
#ifndef FD_RUN_USAGE_H
#define FD_RUN_USAGE_H

#include "run/faces/job.h"

typedef struct fd_usage_row { double seconds, cpu_seconds, resident; int64_t rank; } fd_usage_row;

/* Zero-initialised rows that grow, then thin out: never more than a thousand a rank. */
struct fd_usage { fd_usage_row row[1024]; int n, every, skipped; };

/* Takes a sample when it is due (every `every` calls). */
void fd_usage_sample(fd_job *job);

#endif
