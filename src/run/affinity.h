/* The cores of a rank and those near its GPU: what crosses from one socket to the other takes longer. */
#ifndef FD_RUN_AFFINITY_H
#define FD_RUN_AFFINITY_H

#include <sched.h>
#include <stdbool.h>

#define FD_AFFINITY_DEVICES "/sys/bus/pci/devices"

/* "0-15,32-47", as the kernel writes lists of processors. false: it is none, or empty. Processors that do not fit into a set are left out. */
bool fd_affinity_parse(const char *text, cpu_set_t *out);

/* Those near the device with this PCI address ("0000:3b:00.0"), from DEVICES/ADDRESS/local_cpulist. false: that is not told. */
bool fd_affinity_near(const char *devices, const char *address, cpu_set_t *out);

typedef enum fd_nearness {
    FD_NEAR_ALL,   /* all of `own` are near */
    FD_NEAR_SOME,   /* some are: *out is those */
    FD_NEAR_NONE /* none is: they are kept */
} fd_nearness;

/* *out = the cores of `own` that are also in `near`, or `own` where there are none: never one that is not in `own`. */
fd_nearness fd_affinity_narrow(const cpu_set_t *own, const cpu_set_t *near, cpu_set_t *out);

/* Narrows the calling thread, and all that it starts from now on, to its cores near that device; nothing is done where they are not told. A
 * rank that has none there keeps its own and says so. */
void fd_affinity_apply(const char *devices, const char *address);

#endif
