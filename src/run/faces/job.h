/* What the stages of the main job share. Each stage is a file: resolve.c, inventory.c, history.c, images.c, assemble.c, publish.c, report.c. */
#ifndef FD_RUN_JOB_H
#define FD_RUN_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/text.h"
#include "comm/comm.h"
#include "data/decode.h"
#include "data/manifest.h"
#include "face/face.h"
#include "run/faces/record.h"
#include "run/stage.h"

typedef struct fd_lock fd_lock;     /* run/lock.h: one writer for one output */
typedef struct fd_watch fd_watch;   /* run/watch.h: looks after this rank */
typedef struct fd_reuse fd_reuse;   /* run/reuse.h: rows of an earlier result, for --update */
typedef struct fd_usage fd_usage;   /* run/usage.h: processor and memory over time */
typedef struct fd_staging fd_staging;   /* run/faces/staging.h: copies of photographs on the node's own disk */
typedef struct fd_names fd_names;   /* run/run.h: photographs that the options do not name */

typedef struct fd_job {
    fd_comm *comm;
    fd_options *options;
    const fd_names *names;                /* NULL: the options name the photographs */
    int rank, ranks;
    char *output, *temporary, *journal;   /* faces.h5, faces.h5.tmp, faces.h5.journal */
    char shown[FD_ESCAPED];               /* output as it is printed */
    fd_lock *lock;                        /* of the journal, held by rank 0; else NULL */
    fd_watch *watch;
    int threads;
    int64_t batch, memory;
    char *model;                          /* folder of the pack */
    fd_pack pack;
    fd_engine *engine;
    fd_analyzer *analyzer;
    fd_batches batches;                   /* its shapes */
    fd_metric metric;
    fd_decode_config decode;
    fd_manifest manifest;
    fd_sha256 manifest_hash;
    fd_string pin;                        /* "key = value" lines that determine the result's bytes */
    fd_string journal_pin;                /* those that determine the journal's */
    char exchange[512];                   /* how embeddings cross between the ranks, for /run */
    fd_record_shape shape;
    fd_reuse *reuse;                      /* NULL: nothing to reuse */
    fd_staging *staging;                  /* NULL: photographs are read where they lie */
    fd_usage *usage;
    int64_t resumed, reused;              /* images of all ranks taken from the journal, of this rank from an earlier result */
    char started[21];
    double start;                         /* fd_now() */
    fd_stage_row stages[FD_STAGES];
    fd_device_seconds gpu_before;         /* the engine's, when photographs began; all 0: it has none */
    double gpu_busy;                      /* while there were photographs to be done */
    char bounded_by[256];                 /* on rank 0, once the result is there */
} fd_job;

/* resolve.c: options to what will be used: paths, model, threads, memory; then (after the engine is open) pins. */
fd_error *fd_job_resolve(fd_job *job) FD_CHECK;
fd_error *fd_job_load(fd_job *job) FD_CHECK;     /* pack and engine, the same on every rank */
fd_error *fd_job_pin(fd_job *job) FD_CHECK;

/* inventory.c: which photographs there are, the same list on every rank. */
fd_error *fd_job_scan(fd_job *job) FD_CHECK;

/* history.c: what an earlier run left. *complete: the result is there already. Takes the lock. */
fd_error *fd_job_history(fd_job *job, bool *complete) FD_CHECK;
/* The ids that no journal holds, this rank's share of them. free(*todo). */
fd_error *fd_job_todo(fd_job *job, int64_t **todo, int64_t *n) FD_CHECK;

/* images.c: reads, decodes, detects, embeds and journals todo[n] with job->threads workers; FD_INTERRUPTED on all ranks when
 * one was asked to stop. */
fd_error *fd_job_images(fd_job *job, const int64_t *todo, int64_t n) FD_CHECK;

/* assemble.c and publish.c: from the journals to the result file. */
typedef struct fd_tally {                         /* for the end table; the same on every rank */
    int64_t images, status[FD_IMAGE_STATUSES], faces, invalid, duplicates;
    bool distances;
    int64_t bytes;                                /* of the file */
} fd_tally;
/* Before anything is computed: a matrix that cannot fit on the disk is refused. Collective. */
fd_error *fd_job_foresee(fd_job *job) FD_CHECK;
fd_error *fd_job_publish(fd_job *job, fd_tally *tally) FD_CHECK;

/* report.c: the end table, on stdout by rank 0. Collective. */
fd_error *fd_job_report(fd_job *job, const fd_tally *tally) FD_CHECK;

#endif
