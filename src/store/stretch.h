/* Where the contents of datasets lie in a result file. */
#ifndef FD_STORE_STRETCH_H
#define FD_STORE_STRETCH_H

#include "store/h5.h"

typedef struct fd_stretch { int64_t at, bytes; } fd_stretch;

/* Zero-initialise; free(stretch). */
typedef struct fd_stretches { fd_stretch *stretch; size_t n, capacity; } fd_stretches;

/* Adds those of one dataset that has no filter. */
fd_error *fd_result_stretches(fd_result_writer *w, const char *path, fd_stretches *out) FD_CHECK;

#endif
