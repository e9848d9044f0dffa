/* A GPU's load, memory and clocks, asked of NVIDIA's management library where that is there. It is opened at run time and no header of it is
 * needed: the types of its calls never change. */
#ifndef FD_RUN_NVML_H
#define FD_RUN_NVML_H

#include <stdint.h>

#include "base/status.h"

#define FD_NVML_LIBRARY "libnvidia-ml.so.1"
enum { FD_NVML_HELD = 128 };   /* bytes of fd_nvml_held_text */

typedef struct fd_nvml fd_nvml;

/* What cannot be had is NAN; of a slice of a GPU (MIG) that is most of it. */
typedef struct fd_nvml_sample {
    double percent;   /* of the time since the library's last look that a kernel ran, 0..100 */
    double memory_bytes;   /* in use, by whomever */
    double sm_mhz, memory_mhz, celsius;
    uint64_t held;   /* bits: why the clocks are below their most; 0: they are not, or it cannot be had */
} fd_nvml_sample;

/* The GPU with this UUID ("GPU-1b2c...", as nvidia-smi -L writes it). FD_DEVICE, with the reason: no such library, or it does not start, or it
 * does not know the GPU. fd_nvml_close. */
fd_error *fd_nvml_open(const char *library, const char *uuid, fd_nvml **out) FD_CHECK;
void fd_nvml_close(fd_nvml *n);   /* NULL is allowed */

fd_nvml_sample fd_nvml_look(const fd_nvml *n);   /* n NULL: nothing can be had */
/* Version of the NVIDIA driver ("580.65.06"); "" where it is not told. Valid while n is. */
const char *fd_nvml_driver(const fd_nvml *n);
/* Words such as "power, heat"; "" for 0 and for a GPU that is only idle. Returns out. */
char *fd_nvml_held_text(uint64_t held, char out[FD_NVML_HELD]);

#endif
