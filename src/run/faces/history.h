/* Reading the logs of this output's journal. */
#ifndef FD_RUN_HISTORY_H
#define FD_RUN_HISTORY_H

#include "run/faces/job.h"

/* Every record of every ranks-th log, beginning with the rank-th by name. */
fd_error *fd_job_read_logs(fd_job *job, fd_error *(*each)(void *self, const uint8_t *payload, size_t n, int64_t offset), void *self) FD_CHECK;

/* Every record of all logs, of a run whose pin was this one. */
fd_error *fd_job_read_all_logs(fd_job *job, const char *pin, fd_error *(*each)(void *self, const uint8_t *payload, size_t n, int64_t offset), void *self) FD_CHECK;

/* differences.c: add the first photograph that differs to a mismatch of manifests, of the earlier result's or of the journal's; they take and give back `e`. */
fd_error *fd_job_name_in_result(fd_job *job, fd_error *e);
fd_error *fd_job_name_in_journal(fd_job *job, const char *pin, fd_error *e);

/* Collective: photograph `stale` of the journal is not what it was. --force and --update give up the journal; without them FD_MISMATCH. */
fd_error *fd_job_start_anew(fd_job *job, int64_t stale) FD_CHECK;

/* Removes the journal of a result that is whole; what hinders that is a warning, for the result is there. */
void fd_job_drop_journal(fd_job *job);

#endif
