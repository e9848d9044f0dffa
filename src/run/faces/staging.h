/* --stage DIR: copies of a rank's photographs on its node's own disk, for as long as they are needed. What a copy cannot be made of, or is lost, is read
 * where it lies: keys, faults, hashes and times are those of the originals either way. */
#ifndef FD_RUN_STAGING_H
#define FD_RUN_STAGING_H

#include <stdbool.h>

#include "data/entry.h"
#include "run/faces/job.h"

/* Whether this rank can stage where it was asked to; NULL too where nobody asked. */
fd_error *fd_staging_check(const fd_job *job) FD_CHECK;

/* Copies as many of todo[n] (ascending; borrowed until the close) as this rank's share of the free space holds, with job->threads threads, into a folder
 * of its own; job->staging, NULL without --stage. Removes what killed runs of this user left in DIR. Collective. */
fd_error *fd_staging_fill(fd_job *job, const int64_t *todo, int64_t n) FD_CHECK;

/* The content of this photograph's copy, which is removed, and when its original was opened (ns since 1970). False: there is none. s NULL is allowed; each
 * photograph by one thread. */
bool fd_staging_take(fd_staging *s, int64_t image, fd_content *out, int64_t *read_at);

/* Removes what is left. NULL is allowed. */
void fd_staging_close(fd_staging *s);

#endif
