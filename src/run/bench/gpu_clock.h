/* A GPU's clock and what holds it down, asked of NVIDIA's management library where that is there. */
#ifndef FD_RUN_BENCH_GPU_CLOCK_H
#define FD_RUN_BENCH_GPU_CLOCK_H

#include "run/nvml.h"

/* `held`: why the clock is below its most: "", or words such as "power, heat". */
typedef struct fd_gpu_clock {
    double mhz, celsius;
    char held[FD_NVML_HELD];
} fd_gpu_clock;

/* The GPU with this UUID ("GPU-1b2c..."). Numbers are NAN and held "" where they cannot be had. */
fd_gpu_clock fd_gpu_clock_now(const char *uuid);

#endif
