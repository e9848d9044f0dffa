/* --update: what became of an image in an earlier result, found by key and verified by SHA-256. */
#ifndef FD_RUN_REUSE_H
#define FD_RUN_REUSE_H

#include <stdbool.h>

#include "run/faces/job.h"
#include "run/faces/record.h"

/* Loads all rows of a result (not the crops: with crops nothing is reused, see history.c). fd_reuse_close. */
fd_error *fd_reuse_open(const char *path, fd_record_shape shape, fd_reuse **out) FD_CHECK;
void fd_reuse_close(fd_reuse *r);   /* NULL is allowed */

/* The outcome of the file of this key and content; false when there is none. Its pointers last as long as `r`. Thread-safe. */
bool fd_reuse_find(const fd_reuse *r, const char *key, const fd_sha256 *sha256, fd_outcome *out);
/* Keys of the earlier result, sorted: i < n. */
int64_t fd_reuse_count(const fd_reuse *r);
const char *fd_reuse_key(const fd_reuse *r, int64_t i);

#endif
