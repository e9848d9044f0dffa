/* What libfacesdist-nccl.so offers: NCCL, and the little of the CUDA runtime that staging takes, as calls that never wait. comm polls them
 * (it knows the deadline and the other ranks); the plugin knows neither MPI nor time. All calls by one thread. */
#ifndef FD_COMM_NCCL_PLUGIN_H
#define FD_COMM_NCCL_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "comm/nccl_round.h"

enum { FD_NCCL_ID_BYTES = 128 };

typedef struct fd_nccl_link fd_nccl_link;   /* one GPU, its staging memory and, once started, its communicator */

typedef struct fd_nccl_table {
    int32_t built;   /* version of the NCCL that the plugin was built with, 10000 * major + 100 * minor + patch */
    fd_error *(*version)(int *loaded);   /* of the one that it found */
    /* The GPU of this UUID ("GPU-1b2c...") and FD_NCCL_SLABS slabs of `slab` bytes, on it and pinned on the host. FD_DEVICE, or FD_NOMEM. */
    fd_error *(*open)(const char *uuid, size_t slab, fd_nccl_link **out);
    /* Frees everything; a communicator that was not finished is aborted first. NULL is allowed. */
    void (*close)(fd_nccl_link *l);
    fd_error *(*id)(uint8_t id[FD_NCCL_ID_BYTES]);   /* of a new communicator; by one rank */
    fd_error *(*start)(fd_nccl_link *l, const uint8_t id[FD_NCCL_ID_BYTES], int rank, int ranks);
    /* *done: the last start, gather or finish has taken effect on this rank; until then nothing else may be called but this, abort and
     * close. FD_COMM where NCCL says that it failed. */
    fd_error *(*settled)(fd_nccl_link *l, bool *done);
    unsigned char *(*slab)(fd_nccl_link *l, int which);   /* its pinned part */
    /* This rank's bytes of the slab to the GPU, then from there to all. */
    fd_error *(*gather)(fd_nccl_link *l, const fd_nccl_round *r);
    fd_error *(*fetch)(fd_nccl_link *l, const fd_nccl_round *r);   /* all bytes of the slab back to the host, once gather has settled */
    fd_error *(*fetched)(fd_nccl_link *l, const fd_nccl_round *r, bool *done);
    fd_error *(*finish)(fd_nccl_link *l);
    /* Ends the communicator at once, whatever is under way; waits for that a few seconds at most. */
    void (*abort)(fd_nccl_link *l);
} fd_nccl_table;

#endif
