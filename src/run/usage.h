/* Processor, memory and GPU over time, for /run/usage. */
#ifndef FD_RUN_USAGE_H
#define FD_RUN_USAGE_H

#include "run/faces/job.h"
#include "run/nvml.h"

typedef struct fd_usage_row {
    double seconds, cpu_seconds, resident;
    int64_t rank;
    fd_nvml_sample gpu;
} fd_usage_row;

/* Zero-initialised rows that grow, then thin out: never more than a thousand a rank, and less where there are more than 256 ranks (8 MB of all). */
struct fd_usage {
    fd_usage_row row[1024];
    int n, every, skipped;
    fd_nvml *gpu;   /* NULL: there is none, or it cannot be asked */
};

/* Samples have the GPU's part from now on, where the engine is one's and NVIDIA's library is there; where it is not, a line says why. */
void fd_usage_watch_gpu(fd_usage *u, const fd_engine *e);
/* Takes a sample when it is due (every `every` calls). */
void fd_usage_sample(fd_job *job);
void fd_usage_free(fd_usage *u);   /* NULL is allowed */

#endif
