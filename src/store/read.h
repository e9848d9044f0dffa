/* What reading and comparing share. */
#ifndef FD_STORE_READ_H
#define FD_STORE_READ_H

#include "store/h5.h"

struct fd_result {
    char *path;
    hid_t file;
    int64_t bytes;   /* of the file: what claims more is refused */
};

/* An open dataset. A scalar is one row; rows * columns elements. */
typedef struct fd_table {
    hid_t set, type;   /* type: as in the file */
    int rank;
    hsize_t dim[H5S_MAX_RANK + 1], rows, columns;
} fd_table;

fd_error *fd_table_open(fd_result *r, const char *path, fd_table *t) FD_CHECK;   /* FD_FORMAT when there is none */
void fd_table_close(fd_table *t);
/* Rows first..first+count-1 as `memory`; free(*data), or fd_text_release it when `memory` is variable-length text. */
fd_error *fd_table_read(fd_result *r, const fd_table *t, const char *path, hid_t memory, hsize_t first, hsize_t count, void **data) FD_CHECK;
/* Frees n texts that HDF5 allocated, and the array. */
void fd_text_release(char **text, size_t n);

/* Paths of all datasets, or of all groups but the root, sorted. free each and the list. */
fd_error *fd_result_objects(fd_result *r, int groups, char ***paths, int *n) FD_CHECK;

#endif
