/* Photographs whose files were touched after they were read: only their hash tells whether they are what they were. */
#ifndef FD_RUN_TOUCHED_H
#define FD_RUN_TOUCHED_H

#include <stdbool.h>

#include "run/faces/job.h"

/* Whether photograph `image` still has the content of hash `was`, as it was read at `read_at` (ns since 1970). Reads the file only when its
 * status changed since, some clock skew allowed for. A hash of zeros (never read) is taken to be the same. Thread-safe. */
fd_error *fd_job_is_same(const fd_job *job, int64_t image, const fd_sha256 *was, int64_t read_at, bool *same) FD_CHECK;

/* Collective: the photographs of the finished result of this very manifest, each rank a share. *stale: the first that is not what it was, or -1. */
fd_error *fd_job_check_result(fd_job *job, int64_t *stale) FD_CHECK;

#endif
