/* One worker's batch: some photographs from the disk to outcomes in the journal. */
#ifndef FD_RUN_BATCH_H
#define FD_RUN_BATCH_H

#include "run/faces/job.h"
#include "run/lanes.h"
#include "run/depot.h"
#include "store/journal.h"

/* A file of more bytes is no photograph (recorded as too_large): it is read whole. */
#define FD_LARGEST_FILE ((int64_t)4 << 30)

typedef struct fd_worker {
    const fd_job *job;             /* read only */
    fd_journal *journal;
    fd_lanes *lanes;               /* where all workers share a few */
    fd_depot *depot;               /* that the workers' photographs are decoded into */
    fd_slab slab;                  /* of the batch in hand */
    fd_lane *lane;                 /* else the worker's own; while it computes in any case */
    fd_payload payload;            /* the batch's record */
    float *embedding;              /* [faces][dim], grown as needed */
    uint8_t *valid, *crop;
    size_t embeddings, valids, crops;
    int64_t reused, done_bytes;
    fd_stage_row stages[FD_STAGES];
} fd_worker;

/* Predicted bytes of memory that an image needs while in hand. */
int64_t fd_batch_bytes(const fd_job *job, int64_t image);
/* Processes images id[n] (as many as fit in memory together) and makes one durable record of them. */
fd_error *fd_batch_run(fd_worker *w, const int64_t *id, int n) FD_CHECK;
void fd_worker_free(fd_worker *w);

#endif
