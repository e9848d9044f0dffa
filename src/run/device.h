/* Which engine a rank opens, and on which GPU. */
#ifndef FD_RUN_DEVICE_H
#define FD_RUN_DEVICE_H

#include <stdbool.h>

#include "base/option.h"
#include "comm/comm.h"
#include "engine/engine.h"

/* Where a rank stands among those of its host. */
typedef struct fd_device_place {
    int local_rank, local_ranks;
    int devices;      /* GPUs that this rank sees */
    bool share;       /* --share-gpu */
} fd_device_place;

/* *device: the only one that is seen, else the one of the rank's number on its host; with `share` they are dealt in turn. *sharers: how many ranks
 * may have the same one. More ranks than GPUs, not shared: FD_DEVICE. */
fd_error *fd_device_pick(const fd_device_place *p, int *device, int *sharers) FD_CHECK;

/* What a rank computes on; uuid "": nothing that could be shared. */
typedef struct fd_device_unit { char host[64], uuid[64]; } fd_device_unit;

/* No two ranks may compute on one GPU, or slice of one, unless they were told to: its memory would be taken twice. FD_DEVICE names the first
 * two. */
fd_error *fd_device_apart(const fd_device_unit *all, int ranks) FD_CHECK;

/* Opens what --device, --isa, --gpu-memory and --share-gpu ask for, with products in `arithmetic`. Ranks that find the same GPU twice are refused
 * unless they share it; a rank's calling thread, and all that it starts later, keep to its cores near the GPU. Collective; all ranks fail
 * together. */
fd_error *fd_device_open(fd_comm *c, const fd_options *o, fd_arithmetic arithmetic, fd_engine **out) FD_CHECK;

/* Of "f32|tf32|f16|bf16". */
fd_arithmetic fd_device_arithmetic(const char *name);

#endif
