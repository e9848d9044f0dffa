#include "run/faces/touched.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "data/entry.h"
#include "run/faces/batch.h"
#include "run/together.h"
#include "store/result.h"

/* Clocks of hosts and file servers differ, and file systems round: a file touched less than this before it was read is read again. */
static const int64_t SKEW = 60 * (int64_t)1000000000;

fd_error *fd_job_is_same(const fd_job *job, int64_t image, const fd_sha256 *was, int64_t read_at, bool *same)
{
    const fd_entry *entry = &job->manifest.entry[image];
    static const fd_sha256 never_read;
    fd_content file = {0};
    *same = true;
    if (entry->probe.status != FD_IMAGE_OK || entry->probe.changed < read_at - SKEW || memcmp(was, &never_read, sizeof *was) == 0)
        return NULL;
    fd_error *e = fd_read_entry(entry->path, (size_t)FD_LARGEST_FILE, &file);
    if (!e) {
        fd_sha256 now = fd_sha256_of(file.bytes, file.n);
        *same = file.verdict.status == FD_IMAGE_OK && memcmp(was, &now, sizeof now) == 0;
    }
    fd_content_free(&file);
    return e;
}

typedef struct check { const fd_job *job; int64_t stale; } check;

/* This rank's share of the result. */
static fd_error *check_share(void *self)
{
    fd_error *err = NULL;
    check *c = self;
    const fd_job *job = c->job;
    fd_result *r = NULL;
    void *hashes = NULL;
    char *started = NULL;
    int64_t n = 0, read_at, first = job->manifest.n * job->rank / job->ranks, last = job->manifest.n * (job->rank + 1) / job->ranks;
    FD_TRY(fd_result_open(job->output, &r));
    FD_TRY(fd_result_attribute(r, "/run", "started", &started));
    if (!started || !fd_utc_parse(started, &read_at))
        FD_THROW(FD_FORMAT, "%s: /run does not say when the run was started", job->shown);
    FD_TRY(fd_result_read(r, "/images/sha256", FD_COL_U8, first, last - first, &hashes, &n));
    for (int64_t i = first; i < last && c->stale < 0; i++) {
        bool same;
        FD_TRY(fd_job_is_same(job, i, (const fd_sha256 *)hashes + (i - first), read_at, &same));
        c->stale = same ? -1 : i;
    }
done:
    free(started);
    free(hashes);
    fd_result_close(r);
    return err;
}

fd_error *fd_job_check_result(fd_job *job, int64_t *stale)
{
    check c = {job, -1};
    fd_error *e = fd_job_together(job, check_share, &c);
    if (e)
        return e;
    *stale = c.stale >= 0 ? c.stale : job->manifest.n;
    e = fd_comm_reduce_i64(job->comm, stale, 1, FD_COMBINE_MIN);
    *stale = *stale < job->manifest.n ? *stale : -1;
    return e;
}
