/* Rows to compare, from a file of any size: a result of facesdist, a dataset of any HDF5 file, or a .npy file. */
#ifndef FD_RUN_VECTORS_H
#define FD_RUN_VECTORS_H

#include "base/hash.h"
#include "comm/comm.h"
#include "dist/scale.h"
#include "run/watch.h"

typedef struct fd_vectors fd_vectors;

/* text: a .npy file, FILE.h5:/dataset, or a result file, whose /faces/embedding is taken with /faces/valid. Rows are read by the main thread only.
 * FD_UNSUPPORTED: rows of more than 2^20 dimensions. */
fd_error *fd_vectors_open(const char *text, fd_watch *watch, fd_vectors **out) FD_CHECK;   /* watch: of all reading; NULL: none */
/* Opens such a file, and reads rows from all over it, in a child: FD_FORMAT where HDF5 dies of it. What else is wrong with it is left to the opening. */
fd_error *fd_vectors_rehearse(const char *text, fd_watch *watch) FD_CHECK;
void fd_vectors_close(fd_vectors *v);   /* NULL is allowed */
const char *fd_vectors_path(const fd_vectors *v);   /* the file that is read; borrowed */
int64_t fd_vectors_count(const fd_vectors *v);
int64_t fd_vectors_dim(const fd_vectors *v);
/* out [count][dim]; rows that the file says are not valid are NaN. */
fd_error *fd_vectors_read(fd_vectors *v, int64_t first, int64_t count, float *out) FD_CHECK;

/* What all ranks learn by reading each row once: hash of the contents (not of how they are stored), survey, number of rows that cannot be compared. */
typedef struct fd_vectors_facts {
    fd_sha256 hash;
    fd_survey survey;
    int64_t invalid;
    int64_t first, count;   /* this rank's share */
    uint8_t *valid;         /* [count]; free() it */
} fd_vectors_facts;
fd_error *fd_vectors_survey(fd_vectors *v, fd_comm *c, double timeout, fd_metric metric, fd_vectors_facts *out) FD_CHECK;   /* timeout: --timeout */
/* The same of the first n rows, by one rank alone, without a hash. */
fd_error *fd_vectors_look(fd_vectors *v, fd_metric metric, int64_t n, fd_vectors_facts *out) FD_CHECK;

/* Sources of rows. Each rank alone, from the file; or together: one rank reads a slab for all. fd_slabs_close in any case. */
typedef struct fd_slabs {
    fd_vectors *vectors;
    fd_comm *comm;           /* NULL: alone */
    fd_metric metric;
    int64_t rows;            /* of a slab */
    int64_t first, count;    /* of the slab in memory */
    float *row;
    uint8_t *valid;
} fd_slabs;
fd_error *fd_slabs_open(fd_vectors *v, fd_comm *c, fd_metric metric, fd_slabs *out) FD_CHECK;
void fd_slabs_close(fd_slabs *s);
fd_row_source fd_slabs_source(fd_slabs *s);

#endif
