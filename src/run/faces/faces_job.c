/* The main job from photographs to faces.h5, stage by stage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/exchange.h"
#include "run/faces/job.h"
#include "run/faces/reuse.h"
#include "run/faces/staging.h"
#include "run/lock.h"
#include "run/pairs/pairing.h"
#include "run/run.h"
#include "run/signals.h"
#include "run/time_limit.h"
#include "run/usage.h"
#include "run/watch.h"

static fd_error *open_analyzer(fd_job *job)
{
    fd_analyzer_config config = {.min_face = fd_opt_real(job->options, "min-face"), .choice = (fd_choice)fd_opt_choice(job->options, "faces"),
                                 .factor = job->pack.factor};
    int n = fd_opt_reals(job->options, "thresholds", config.thresholds, 3);
    if (n != 3)
        return FD_FAIL(FD_USAGE, "--thresholds takes three numbers, not %d", n);
    return fd_analyzer_open_with(job->engine, &job->pack, &config, &job->batches, &job->analyzer);
}

/* The analyzer with the largest batches for which every rank has memory: their shapes may show in the last bits. */
static fd_error *fit_analyzer(fd_job *job)
{
    fd_error *err = NULL;
    const int lanes = job->engine->kind->lanes < job->threads ? job->engine->kind->lanes : job->threads;
    for (int halvings = 0; !job->analyzer; halvings++) {
        fd_error *own = fd_batches_for(job->engine, halvings, &job->batches) ? NULL : FD_FAIL(FD_DEVICE, "there is too little memory for one face at a time");
        if (!own)
            own = open_analyzer(job);
        if (!own)
            own = fd_analyzer_rehearse(job->analyzer, lanes);
        int64_t too_large = fd_error_code(own) == FD_NOMEM;
        FD_TRY(fd_comm_agree(job->comm, too_large ? NULL : own));
        FD_TRY(fd_comm_reduce_i64(job->comm, &too_large, 1, FD_COMBINE_MAX));
        if (too_large) {
            fd_say(FD_VERBOSE, "batches of %lld faces do not fit into the GPU's memory: half of that", (long long)job->batches.embedder);
            fd_error_free(fd_error_code(own) == FD_NOMEM ? own : NULL);
            fd_analyzer_close(job->analyzer);
            job->analyzer = NULL;
        }
    }
    fd_say(FD_VERBOSE, "batches of %lld, %lld and %lld patches and faces", (long long)job->batches.rnet, (long long)job->batches.onet,
           (long long)job->batches.embedder);
done:
    return err;
}

static fd_error *open_watch(fd_job *job)
{
    const fd_watch_config config = {.comm = job->comm, .program = fd_faces_program.name, .stall = fd_opt_real(job->options, "stall"), .steps = job->threads + 4,
                                    .stop_at = fd_time_limit(job->options, job->start)};
    return fd_watch_open(&config, &job->watch);
}

/* Before anything is computed: a network that does not work is seen now, not after hours. */
static fd_error *open_exchange(fd_job *job)
{
    fd_wanted wanted = {0};
    fd_wanted_of(job->options, &wanted);
    wanted.matrix = strcmp(fd_opt_text(job->options, "matrix"), "none") != 0;
    snprintf(job->exchange, sizeof job->exchange, "none");
    if (!fd_wanted_any(&wanted))
        return NULL;
    const fd_exchange_wish wish = {"--exchange", fd_opt_text(job->options, "exchange"), "embeddings"};
    return fd_exchange_open(job->comm, job->engine, &wish, job->exchange, sizeof job->exchange);
}

static fd_error *start(fd_job *job, bool *complete)
{
    fd_error *err = NULL;
    FD_TRY(fd_job_resolve(job));
    FD_TRY(fd_comm_agree(job->comm, open_watch(job)));
    FD_TRY(fd_job_scan(job));
    double mark = fd_now();
    FD_TRY(fd_job_load(job));
    job->batches = fd_default_batches;
    if (job->engine->kind->lanes)   /* the pin tells the shapes */
        FD_TRY(fit_analyzer(job));
    FD_TRY(fd_job_pin(job));
    FD_TRY(fd_job_history(job, complete));
    if (!*complete) {
        FD_TRY(fd_job_foresee(job));
        if (!job->analyzer)
            FD_TRY(fd_comm_agree(job->comm, open_analyzer(job)));
        FD_TRY(open_exchange(job));
    }
    fd_stage_add(job->stages, FD_STAGE_START, &mark, 1, 0);
done:
    return err;
}

static int exit_code_of(const fd_job *job, const fd_tally *t)
{
    int64_t failed = t->images - t->status[FD_IMAGE_OK] - t->status[FD_IMAGE_NO_FACE];
    return fd_opt_flag(job->options, "strict") && failed > 0 ? FD_EXIT_STRICT : FD_EXIT_OK;
}

static void end_staging(fd_job *job)
{
    fd_staging_close(job->staging);
    job->staging = NULL;
}

static fd_error *run(fd_job *job, int *exit_code)
{
    fd_error *err = NULL;
    int64_t *todo = NULL, n = 0;
    bool complete = false;
    fd_tally tally = {0};
    *exit_code = FD_EXIT_OK;
    FD_TRY(start(job, &complete));
    if (complete)
        goto done;
    FD_TRY(fd_job_todo(job, &todo, &n));
    FD_TRY(fd_staging_fill(job, todo, n));
    FD_TRY(fd_job_images(job, todo, n));
    end_staging(job);
    FD_TRY(fd_job_publish(job, &tally));
    FD_TRY(fd_job_report(job, &tally));
    int64_t code = exit_code_of(job, &tally);   /* rank 0 alone has the ledger */
    FD_TRY(fd_comm_broadcast(job->comm, &code, sizeof code, 0));
    *exit_code = (int)code;
done:
    end_staging(job);
    free(todo);
    return err;
}

static void tell_interruption(const fd_job *job)
{
    struct stat s;
    if (job->rank != 0)
        return;
    fd_log_progress("");
    if (job->journal && stat(job->journal, &s) == 0)
        fd_say(FD_NORMAL, "interrupted: everything done is saved in %s.journal; the same command goes on", job->shown);
    else
        fd_say(FD_NORMAL, "interrupted before anything was done; the same command starts again");
}

static void job_free(fd_job *job)
{
    fd_watch_lock(job->watch, NULL);
    const int step = fd_watch_begin(job->watch, FD_STAGE_COMMIT, job->journal ? job->journal : "", 0);
    fd_lock_release(job->lock);
    fd_watch_end(job->watch, step);
    fd_watch_close(job->watch);
    fd_analyzer_close(job->analyzer);
    fd_engine_close(job->engine);
    fd_pack_free(&job->pack);
    fd_manifest_free(&job->manifest);
    fd_reuse_close(job->reuse);
    fd_usage_free(job->usage);
    free(job->output);
    free(job->temporary);
    free(job->journal);
    free(job->model);
    free(job->pin.text);
    free(job->journal_pin.text);
}

fd_error *fd_run_named_faces(fd_comm *c, fd_options *options, const fd_names *names, int *exit_code)
{
    fd_error *err = NULL;
    fd_job job = {.comm = c, .options = options, .names = names, .rank = fd_comm_rank(c), .ranks = fd_comm_ranks(c), .start = fd_now()};
    fd_utc(job.started);
    fd_signals_catch();
    FD_TRY(fd_alloc(&job.usage, 1, sizeof *job.usage));
    FD_TRY(run(&job, exit_code));
done:
    if (fd_error_code(err) == FD_INTERRUPTED) {   /* on every rank */
        tell_interruption(&job);
        *exit_code = FD_EXIT_INTERRUPTED;
        fd_error_free(err);
        err = NULL;
    }
    job_free(&job);
    return err;
}

fd_error *fd_run_faces(fd_comm *c, fd_options *options, int *exit_code)
{
    return fd_run_named_faces(c, options, NULL, exit_code);
}
