#include "run/bench/gpu_clock.h"

#include <stddef.h>

fd_gpu_clock fd_gpu_clock_now(const char *uuid)
{
    fd_gpu_clock now = {0};
    fd_nvml *n = NULL;
    fd_error_free(fd_nvml_open(FD_NVML_LIBRARY, uuid, &n));   /* a machine without it is no fault */
    const fd_nvml_sample s = fd_nvml_look(n);
    now.mhz = s.sm_mhz;
    now.celsius = s.celsius;
    fd_nvml_held_text(s.held, now.held);
    fd_nvml_close(n);
    return now;
}
