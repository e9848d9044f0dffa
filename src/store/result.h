/* The result file (HDF5). Rank 0 creates it under a temporary name with all tables and the layout of the large datasets (allocated, never filled),
 * and closes it; then all ranks write their rows and tiles at the offsets that HDF5 assigned (pwrite: no collective I/O, a full disk is an error
 * and not a hang); then rank 0 syncs and renames. The file exists whole or not at all. No object times: same content, same bytes.
 *
 * HDF5 is not thread-safe: only a process's main thread calls what is declared here, but for fd_result_write_*. Nothing locks the files: a result is never written under
 * its own name, and the job holds a lock of its own. */
#ifndef FD_STORE_RESULT_H
#define FD_STORE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum fd_column_type { FD_COL_U8, FD_COL_I32, FD_COL_I64, FD_COL_F16, FD_COL_F32, FD_COL_F64, FD_COL_TEXT /* char *[]: variable-length strings */ } fd_column_type;

typedef struct fd_attribute { const char *name, *text; } fd_attribute;

/* A dataset, described. */
typedef struct fd_column {
    const char *path;                     /* "/images/size"; groups are made as needed */
    fd_column_type type;
    int rank;
    int64_t dim[4];
    const void *data;                     /* whole contents (row-major); NULL: written later by all ranks */
    int64_t chunk[4];                     /* all 0: contiguous; larger than dim: the dataset is one chunk along that axis */
    bool compress;                        /* chunks are shuffled and deflated, by fd_result_fill (store/packed.h) alone; their space is not reserved */
    const char *const *labels;            /* values 0.. of an enum (status); NULL: plain numbers */
    int n_labels;
    const fd_attribute *attributes;       /* unit, meaning, axes: text. "axes" ("face, (x, y)") also labels the dimensions */
    int n_attributes;
    const char *scale;                    /* path of a 1-D dataset that names the rows, attached as dimension scale to axis 0; NULL */
    int scaled_axes;                      /* 2: the scale names axis 1 too (a matrix of rows against rows); else axis 0 only */
} fd_column;

/* Rank 0: makes `temporary`, reserving its size on the disk first: FD_NOSPACE says how much is needed and how much is free. Datasets without
 * data and with zero rows are valid; TEXT always has its data. After a failure the temporary file is gone. */
fd_error *fd_result_create(const char *temporary, const fd_column *columns, int n) FD_CHECK;

/* Rank 0: the same for a file that an interrupted run of the same datasets left, at whatever moment: its layout is made anew, around the contents of those
 * datasets without data. FD_FORMAT where it cannot be such a file. */
fd_error *fd_result_recreate(const char *temporary, const fd_column *columns, int n) FD_CHECK;

/* Rank 0, while no writer is open: adds datasets whose size was not known before, and reserves their space. FD_NOSPACE as above; the file is left. */
fd_error *fd_result_add(const char *temporary, const fd_column *columns, int n) FD_CHECK;

/* Any rank, after the file was created: a dataset's place in it. Writing alone may be done by several threads at once. */
typedef struct fd_result_writer fd_result_writer;
fd_error *fd_result_writer_open(const char *temporary, fd_result_writer **out) FD_CHECK;
/* Rows first.. of a contiguous dataset. */
fd_error *fd_result_write_rows(fd_result_writer *w, const char *path, int64_t first, int64_t count, const void *data) FD_CHECK;
/* The chunk whose first element is (row, column) of a 2-D chunked dataset: values [rows][pitch] (elements); the rest of an edge chunk is zeroed. */
fd_error *fd_result_write_chunk(fd_result_writer *w, const char *path, int64_t row, int64_t column, const void *values, int64_t rows, int64_t columns,
                                int64_t pitch) FD_CHECK;
fd_error *fd_result_writer_sync(fd_result_writer *w) FD_CHECK;    /* what was written so far is durable; any thread */
fd_error *fd_result_writer_close(fd_result_writer *w) FD_CHECK;   /* fsync; NULL is allowed */

/* Rank 0, while no writer is open: adds attributes to a dataset. */
fd_error *fd_result_annotate(const char *temporary, const char *path, const fd_attribute *attributes, int n) FD_CHECK;

/* Rank 0, after all writers closed: adds /run (attributes of the group, and tables), syncs, renames to `final`, syncs the folder. After a failure
 * the temporary file is gone and an earlier `final` is as it was. */
fd_error *fd_result_commit(const char *temporary, const char *final, const fd_attribute *run, int n_run, const fd_column *tables, int n_tables) FD_CHECK;

/* Bytes that create, the ranks and commit will write: exact for numbers, an upper bound for the file's own structures (with 1 MiB for /run).
 * Compressed datasets count for their structures alone. */
int64_t fd_result_predict(const fd_column *columns, int n);

/* Reading. */
typedef struct fd_result fd_result;
fd_error *fd_result_open(const char *path, fd_result **out) FD_CHECK;
void fd_result_close(fd_result *r);
bool fd_result_has(fd_result *r, const char *path);
fd_error *fd_result_shape(fd_result *r, const char *path, int *rank, int64_t dim[4]) FD_CHECK;
/* Reads rows first.. (count < 0: all) converted to `type`; free(*data). FD_COL_TEXT: char *[] in one block (one free). */
fd_error *fd_result_read(fd_result *r, const char *path, fd_column_type type, int64_t first, int64_t count, void **data, int64_t *n_rows) FD_CHECK;
/* A text attribute of the dataset or group at `path` (NULL: "/run"): *text NULL when absent; free(*text). */
fd_error *fd_result_attribute(fd_result *r, const char *path, const char *name, char **text) FD_CHECK;
/* Paths of all datasets, sorted. free each and the list. */
fd_error *fd_result_list(fd_result *r, char ***paths, int *n) FD_CHECK;

const char *fd_store_library(void);   /* "HDF5 1.10.8" */

#endif
