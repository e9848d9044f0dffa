/* Rows of a .npy file of any size, read a few at a time: two axes, float16, float32 or float64, C order. */
#ifndef FD_DATA_NPY_ROWS_H
#define FD_DATA_NPY_ROWS_H

#include <stdint.h>

#include "base/status.h"

typedef struct fd_npy_rows fd_npy_rows;

fd_error *fd_npy_rows_open(const char *path, fd_npy_rows **out) FD_CHECK;
void fd_npy_rows_close(fd_npy_rows *r);   /* NULL is allowed */
int64_t fd_npy_rows_count(const fd_npy_rows *r);
int64_t fd_npy_rows_dim(const fd_npy_rows *r);
/* out [count][dim] = rows first.. as float32; what float32 cannot hold becomes infinite. */
fd_error *fd_npy_rows_read(fd_npy_rows *r, int64_t first, int64_t count, float *out) FD_CHECK;

#endif
