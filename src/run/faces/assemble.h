/* From the journals to tables: every image once, every face with its global row, whoever computed it and however often the run was interrupted. */
#ifndef FD_RUN_ASSEMBLE_H
#define FD_RUN_ASSEMBLE_H

#include "run/faces/job.h"

/* The tables of rank 0: columns of /images and /faces as they go into the file. */
typedef struct fd_tables {
    int32_t *size;             /* [images][2] */
    uint8_t *status, *flags;   /* [images] */
    fd_sha256 *sha256;         /* [images] */
    char **detail;             /* [images]; each owned, NULL: "" */
    int64_t *duplicate_of;     /* [images] -1: none */
    int64_t *image;            /* [faces] */
    float *box, *landmarks, *score;
    uint8_t *valid;            /* [faces]; on every rank */
} fd_tables;

typedef struct fd_assembly {
    int64_t images, faces;     /* the same on every rank */
    int32_t *count;            /* [images] faces of each; on every rank */
    int64_t *first_face;       /* [images] row of the first, -1: none; on every rank */
    int64_t own;               /* rows whose embedding this rank has */
    int64_t *row;              /* [own] their places, ascending */
    float *embedding;          /* [own][dim] */
    fd_tables tables;
} fd_assembly;

/* Collective. fd_assembly_free in any case. An image that no journal holds is FD_FORMAT naming it. */
fd_error *fd_assemble(fd_job *job, fd_assembly *a) FD_CHECK;
void fd_assembly_free(fd_assembly *a);

/* Calls `each` with every outcome of the logs that this rank reads (a share of all logs, in order of their names). */
fd_error *fd_job_each_outcome(fd_job *job, fd_error *(*each)(void *self, const fd_outcome *o), void *self) FD_CHECK;

#endif
