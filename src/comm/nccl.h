/* The ranks' GPUs, joined by NCCL for bulk data. NCCL lives in a plugin (nccl_plugin.h); nothing of it is needed, or loaded, by those who
 * stay with MPI. No call waits longer than comm's time-out: a communicator that does not answer is aborted, and so is the job, by name of
 * the rank that is missing. */
#ifndef FD_COMM_NCCL_H
#define FD_COMM_NCCL_H

#include "base/plugin.h"
#include "comm/comm.h"

typedef struct fd_nccl fd_nccl;

typedef struct fd_nccl_config {
    const char *uuid;      /* of this rank's GPU, as its engine names it */
    int64_t slab;          /* bytes of each staging buffer, of which there are two on the GPU and two pinned on the host; 0: 32 MiB */
    const char *option;    /* whose value mpi does without NCCL ("--exchange"), for advice; lives as long as comm; NULL: there is none */
} fd_nccl_config;

/* What this rank needs on its own: plugin, library, GPU, staging memory; no word to the other ranks. FD_DEVICE or FD_NOMEM where it is not
 * to be had, and *status says whether it was the plugin (NOT_BUILT, LIBRARY_MISSING, FOREIGN, OTHER_LIBRARY) or, READY, something else.
 * fd_comm_join takes it over. */
fd_error *fd_nccl_open(const fd_nccl_config *config, fd_nccl **out, fd_plugin_status *status) FD_CHECK;
void fd_nccl_close(fd_nccl *n);   /* NULL is allowed */

/* "NCCL 2.28.9", or the reason why there is none; for people who ask what this build has. */
void fd_nccl_library(char *out, size_t size);

/* Collective, every rank with one of its own (taken over in any case): from here to fd_comm_part bulk data crosses by NCCL. Ranks that
 * loaded different versions are refused (FD_DEVICE on all); what NCCL itself refuses, and a time-out, is FD_COMM. */
fd_error *fd_comm_join(fd_comm *c, fd_nccl *n) FD_CHECK;
/* Collective, and no more than a question where nothing was joined. Frees the staging memory; what was learned stays. */
fd_error *fd_comm_part(fd_comm *c) FD_CHECK;

/* As fd_comm_all_gather, for embeddings and the like: by NCCL between fd_comm_join and fd_comm_part, else by MPI. Host memory; the same
 * bytes. */
fd_error *fd_comm_all_gather_bulk(fd_comm *c, const void *own, void *all, const int64_t *counts) FD_CHECK;

/* As fd_comm_broadcast, likewise. */
fd_error *fd_comm_broadcast_bulk(fd_comm *c, void *bytes, int64_t n, int root) FD_CHECK;

/* What NCCL did for this rank so far. */
typedef struct fd_nccl_facts {
    int built, loaded;              /* versions: 10000 * major + 100 * minor + patch */
    int64_t padded, broadcast;      /* rounds of either kind */
    int64_t bytes;                  /* that all-gathers and broadcasts gave to this rank; without padding */
} fd_nccl_facts;
bool fd_comm_nccl_facts(const fd_comm *c, fd_nccl_facts *out);   /* false: the ranks never joined */

#endif
