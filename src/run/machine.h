/* The machine that a rank runs on, and its share of it. */
#ifndef FD_RUN_MACHINE_H
#define FD_RUN_MACHINE_H

#include <stdint.h>

#include "base/option.h"
#include "comm/comm.h"
#include "engine/engine.h"

/* Cores that this rank may use: those of its affinity mask, each divided by the ranks of this host that share it; at least 1. Collective. */
fd_error *fd_machine_cores(fd_comm *c, int *cores) FD_CHECK;
/* --threads: what the user gave, else the cores of this rank as they are now, which *threads and the option then say. Collective. */
fd_error *fd_machine_threads(fd_comm *c, fd_options *o, int *threads) FD_CHECK;
/* Every rank must compute with the same engine and instruction set, or the bytes would depend on who computed what: FD_MISMATCH. Collective. */
fd_error *fd_machine_same_engine(fd_comm *c, fd_engine *e) FD_CHECK;
/* Bytes of memory of the host, or of the cgroup where that is less. */
int64_t fd_machine_memory(void);
/* The processor's name, as /proc/cpuinfo gives it ("unknown" elsewhere). */
void fd_machine_cpu(char *out, int size);
/* Resident bytes of this process, now. */
int64_t fd_machine_resident(void);
/* Largest resident bytes so far. */
int64_t fd_machine_peak(void);
/* Processor seconds used by this process. */
double fd_machine_cpu_seconds(void);

#endif
