/* Which photographs there are: rank 0 walks, all ranks read headers, all end with the same manifest. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/faces/job.h"
#include "run/faces/resolve.h"
#include "run/run.h"
#include "run/signals.h"
#include "run/together.h"
#include "run/watch.h"

typedef struct visitor { fd_job *job; int step; } visitor;

/* A folder, input or list is read next. Standard input comes when it comes. */
static fd_error *visit(void *self, const char *path)
{
    visitor *v = self;
    fd_watch_end(v->job->watch, v->step);
    v->step = strcmp(path, "-") == 0 ? -1 : fd_watch_begin(v->job->watch, FD_STAGE_NAMES, path, 0);
    return fd_signals_check();
}

static fd_error *walk(void *self)
{
    fd_error *err = NULL;
    fd_job *job = self;
    char *demo = NULL;
    const char **inputs = NULL;
    visitor v = {job, -1};
    if (job->names)
        return job->names->find(job->names->self, &job->manifest);
    int n = fd_positionals(job->options);
    FD_TRY(fd_alloc(&inputs, (size_t)n + 1, sizeof *inputs));
    for (int i = 0; i < n; i++)
        inputs[i] = fd_positional(job->options, i);
    if (fd_opt_flag(job->options, "demo")) {
        FD_TRY(fd_job_installed("photos", &demo));
        inputs[n++] = demo;
    }
    fd_scan_config config = {inputs, n, fd_opt_text(job->options, "list"), fd_opt_text(job->options, "glob"), visit, &v};
    if (n == 0 && !config.list)
        FD_THROW(FD_USAGE, "no photographs were named: give files or folders, --list FILE, or --demo");
    FD_TRY(fd_scan(&config, &job->manifest));
done:
    fd_watch_end(job->watch, v.step);
    free(inputs);
    free(demo);
    return err;
}

/* Rank 0's names on every rank. */
static fd_error *share_names(fd_job *job)
{
    fd_error *err = NULL;
    uint8_t *bytes = NULL;
    int64_t n = 0;
    FD_TRY(fd_job_together(job, job->rank == 0 ? walk : NULL, job));
    FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? fd_manifest_pack(&job->manifest, &bytes, &n) : NULL));
    FD_TRY(fd_comm_broadcast_buffer(job->comm, &bytes, &n, 0));
    FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? NULL : fd_manifest_unpack(bytes, n, &job->manifest)));
done:
    free(bytes);
    return err;
}

typedef struct run_of_names { fd_job *job; int64_t first, last; } run_of_names;

static fd_error *probe(void *self)
{
    const run_of_names *own = self;
    fd_error *err = NULL;
    for (int64_t i = own->first; i < own->last; i++) {
        FD_TRY(fd_signals_check());
        const int step = fd_watch_begin(own->job->watch, FD_STAGE_SCAN, own->job->manifest.entry[i].path, 0);
        err = fd_probe_entries(&own->job->manifest, i, i + 1);
        fd_watch_end(own->job->watch, step);
        FD_TRY(err);
    }
done:
    return err;
}

/* What each rank found to say of its run of names, on all ranks: of few files there is anything. */
static fd_error *share_details(fd_job *job, int64_t first, int64_t last)
{
    fd_error *err = NULL;
    uint8_t *own = NULL, *all = NULL;
    int64_t n = 0, total = 0, *counts = NULL;
    FD_TRY(fd_comm_agree(job->comm, fd_manifest_pack_details(&job->manifest, first, last, &own, &n)));
    FD_TRY(fd_comm_agree(job->comm, fd_alloc(&counts, (size_t)job->ranks, sizeof *counts)));
    FD_TRY(fd_comm_all_gather_fixed(job->comm, &n, counts, sizeof n));
    for (int r = 0; r < job->ranks; r++)
        total += counts[r];
    FD_TRY(fd_comm_agree(job->comm, fd_alloc(&all, (size_t)total, 1)));
    FD_TRY(fd_comm_all_gather(job->comm, own, all, counts));
    FD_TRY(fd_comm_agree(job->comm, fd_manifest_add_details(&job->manifest, all, total)));
done:
    free(own);
    free(all);
    free(counts);
    return err;
}

/* Each rank reads the headers of an equal run of names; then every rank has all probes. *probed: how many were this rank's. */
static fd_error *share_probes(fd_job *job, int64_t *probed)
{
    fd_error *err = NULL;
    int64_t n = job->manifest.n, *counts = NULL;
    int64_t first = n * job->rank / job->ranks, last = n * (job->rank + 1) / job->ranks;
    fd_probe *probes = NULL;
    FD_TRY(fd_alloc(&probes, (size_t)n, sizeof *probes));
    FD_TRY(fd_alloc(&counts, (size_t)job->ranks, sizeof *counts));
    FD_TRY(fd_job_together(job, probe, &(run_of_names){job, first, last}));
    *probed = last - first;
    for (int64_t i = first; i < last; i++)
        probes[i] = job->manifest.entry[i].probe;
    for (int r = 0; r < job->ranks; r++)
        counts[r] = (n * (r + 1) / job->ranks - n * r / job->ranks) * (int64_t)sizeof *probes;
    FD_TRY(fd_comm_all_gather(job->comm, probes + first, probes, counts));
    for (int64_t i = 0; i < n; i++)
        job->manifest.entry[i].probe = probes[i];
    FD_TRY(share_details(job, first, last));
    fd_manifest_settle(&job->manifest);
done:
    free(probes);
    free(counts);
    return err;
}

fd_error *fd_job_scan(fd_job *job)
{
    fd_error *err = NULL;
    double mark = fd_now();
    int64_t readable = 0, probed = 0;
    FD_TRY(share_names(job));
    fd_stage_add(job->stages, FD_STAGE_NAMES, &mark, job->rank == 0 ? (double)job->manifest.n : 0, 0);
    FD_TRY(share_probes(job, &probed));
    for (int64_t i = 0; i < job->manifest.n; i++)
        readable += job->manifest.entry[i].probe.status == FD_IMAGE_OK;
    if (readable == 0)
        FD_THROW(FD_IO, "there is no readable image among %lld files", (long long)(job->manifest.n + job->manifest.not_an_image));
    fd_say(FD_NORMAL, "%lld images (%lld other files passed over)", (long long)job->manifest.n, (long long)job->manifest.not_an_image);
    fd_stage_add(job->stages, FD_STAGE_SCAN, &mark, (double)probed, 0);
done:
    return err;
}
