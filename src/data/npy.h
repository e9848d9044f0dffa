/* NumPy's .npy files of float32 in C order, the form in which arrays come from and go to scripts. */
#ifndef FD_DATA_NPY_H
#define FD_DATA_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { FD_NPY_RANK = 8 };

typedef struct fd_npy { int rank; int64_t dim[FD_NPY_RANK]; float *data; /* malloc'ed */ } fd_npy;

/* FD_FORMAT when it is no .npy file, another element type (names astype), Fortran order, or not as long as its header says. */
fd_error *fd_npy_read(const char *path, fd_npy *out) FD_CHECK;
fd_error *fd_npy_write(const char *path, const fd_npy *array) FD_CHECK;   /* version 1.0 */
void fd_npy_free(fd_npy *array);

/* What a header says; data begin at byte `start`. type: "'<f4'", as written there. */
typedef struct fd_npy_head { int rank; int64_t dim[FD_NPY_RANK], start; char type[12]; } fd_npy_head;
/* The first n bytes of a file, enough for its header. FD_FORMAT when it is no .npy file or in Fortran order. */
fd_error *fd_npy_parse_head(const uint8_t *bytes, size_t n, const char *name, fd_npy_head *out) FD_CHECK;
/* Adds the header (version 1.0) of an array of head's rank and shape, in C order; descr: "'<f4'", or a list of fields. The data follow it. */
fd_error *fd_npy_add_head(fd_string *out, const char *descr, const fd_npy_head *head) FD_CHECK;

/* Reads the bytes of a file (already in memory); `name` is for messages. */
fd_error *fd_npy_parse(const uint8_t *bytes, size_t n, const char *name, fd_npy *out) FD_CHECK;

#endif
