/* /run: how a result was made. What varies from run to run is here and nowhere else in the file. */
#ifndef FD_RUN_PROVENANCE_H
#define FD_RUN_PROVENANCE_H

#include "run/faces/job.h"
#include "store/result.h"

typedef struct fd_provenance {
    fd_attribute *attribute;
    int n_attributes;
    size_t capacity;
    fd_column table[24];
    int n_tables;
    void *column[24];      /* contents of the tables */
    void *words;           /* texts that a column points to */
} fd_provenance;

/* Collective: gathers every rank's stages and usage to rank 0, where *out is filled. fd_provenance_free in any case. */
fd_error *fd_provenance_of(fd_job *job, fd_provenance *out) FD_CHECK;
void fd_provenance_free(fd_provenance *p);

#endif
