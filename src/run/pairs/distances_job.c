/* facesdist-distances from options to result, step by step. */
#include "run/pairs/distances_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/version.h"
#include "run/device.h"
#include "run/environment.h"
#include "run/exchange.h"
#include "run/lock.h"
#include "run/machine.h"
#include "run/output.h"
#include "run/run.h"
#include "run/signals.h"
#include "run/time_limit.h"
#include "run/together.h"
#include "run/watch.h"

static const int64_t AUTO_MATRIX_PAIRS = 400000000;

static fd_error *resolve(fd_distances_run *r)
{
    fd_error *err = NULL;
    int threads;
    fd_string text = {0};
    fd_options *o = r->options;
    FD_TRY(fd_output_behind(fd_opt_text(o, "output"), &r->output));
    fd_escape(r->shown, sizeof r->shown, r->output);
    FD_TRY(fd_string_add(&text, "%s.tmp", r->output));
    r->temporary = text.text;
    text = (fd_string){0};
    FD_TRY(fd_string_add(&text, "%s.journal", r->output));
    r->journal = text.text;
    FD_TRY(fd_machine_threads(r->comm, o, &threads));
    FD_TRY(fd_opt_default(o, "memory", (double)(fd_machine_memory() / 5 * 4 / fd_comm_local_ranks(r->comm))));
    r->memory = fd_opt_int(o, "memory");
    r->timeout = fd_opt_real(o, "timeout");
    fd_comm_set_timeout(r->comm, r->timeout);
done:
    return err;
}

/* Before anything is done, on rank 0. */
static fd_error *check_output(const fd_distances_run *r)
{
    fd_error *err = NULL;
    FD_TRY(fd_output_check(r->output));
    for (int i = 0; i < 2; i++)
        if (r->vectors[i])
            FD_TRY(fd_output_apart("--output", r->output, fd_vectors_path(r->vectors[i])));
done:
    return err;
}

static fd_error *open_watch(fd_distances_run *r)
{
    const fd_watch_config config = {.comm = r->comm, .program = fd_distances_program.name, .stall = fd_opt_real(r->options, "stall"),
                                    .steps = (int)fd_opt_int(r->options, "threads") + 4, .stop_at = fd_time_limit(r->options, r->start)};
    return fd_watch_open(&config, &r->watch);
}

/* Rank 0, before anyone opens them. */
static fd_error *rehearse(void *self)
{
    const fd_distances_run *r = self;
    fd_error *e = fd_vectors_rehearse(fd_positional(r->options, 0), r->watch);
    return e || !fd_opt_set(r->options, "queries") ? e : fd_vectors_rehearse(fd_opt_text(r->options, "queries"), r->watch);
}

static fd_error *open_own(fd_distances_run *r)
{
    fd_error *err = NULL;
    FD_TRY(fd_vectors_open(fd_positional(r->options, 0), r->watch, &r->vectors[1]));
    if (fd_opt_set(r->options, "queries"))
        FD_TRY(fd_vectors_open(fd_opt_text(r->options, "queries"), r->watch, &r->vectors[0]));
    if (r->vectors[0] && fd_vectors_dim(r->vectors[0]) != fd_vectors_dim(r->vectors[1]))
        FD_THROW(FD_FORMAT, "the queries have %lld dimensions, the input %lld", (long long)fd_vectors_dim(r->vectors[0]),
                 (long long)fd_vectors_dim(r->vectors[1]));
done:
    return err;
}

/* What is wanted, and whether the matrix is. */
static fd_error *describe(fd_distances_run *r)
{
    fd_error *err = NULL;
    fd_pairing *p = &r->pairing;
    const char *matrix = fd_opt_text(r->options, "matrix");
    p->comm = r->comm;
    p->engine = r->engine;
    p->threads = (int)fd_opt_int(r->options, "threads");
    p->precision = strcmp(fd_opt_text(r->options, "precision"), "f32") == 0 ? FD_PRECISION_F32 : FD_PRECISION_AUTO;
    p->memory = fd_pairing_room(p->engine, r->memory);
    p->exchange = (fd_exchange)fd_opt_choice(r->options, "exchange");
    p->symmetric = !r->vectors[0];
    p->n[1] = fd_vectors_count(r->vectors[1]);
    p->n[0] = p->symmetric ? p->n[1] : fd_vectors_count(r->vectors[0]);
    p->dim = fd_vectors_dim(r->vectors[1]);
    p->temporary = r->temporary;
    p->valid = "/rows/valid";   /* where symmetric */
    p->stages = r->stages;
    p->timeout = r->timeout;
    p->watch = r->watch;
    FD_TRY(fd_wanted_check(r->options));
    fd_wanted_of(r->options, &p->wanted);
    FD_TRY(fd_metric_find(fd_opt_text(r->options, "metric"), &p->metric));
    const bool small = p->n[1] == 0 || p->n[0] <= AUTO_MATRIX_PAIRS / p->n[1];
    p->wanted.matrix = strcmp(matrix, "full") == 0 || (strcmp(matrix, "auto") == 0 && small);
    if (!small && strcmp(matrix, "auto") == 0)
        fd_say(FD_NORMAL, "%lld times %lld rows: the matrix of all pairs is left out (--matrix full stores it)", (long long)p->n[0], (long long)p->n[1]);
    if (!fd_wanted_any(&p->wanted))
        FD_THROW(FD_USAGE, "nothing is wanted of the pairs: give --topk, --radius, --histogram or --matrix full");
    if (p->exchange == FD_EXCHANGE_RING && strcmp(fd_opt_text(r->options, "transport"), "nccl") == 0)
        FD_THROW(FD_USAGE, "--transport nccl is for an all-gather: a ring goes by MPI");
    if (p->wanted.include_self && (!p->symmetric || p->wanted.k == 0))
        FD_THROW(FD_USAGE, "--include-self is for --topk without --queries");
    if (fd_opt_given(r->options, "ranks") && !fd_opt_flag(r->options, "forecast"))
        FD_THROW(FD_USAGE, "--ranks is for --forecast; mpirun -np sets the ranks of a run");
    if (p->wanted.clusters != FD_CLUSTERS_NONE && !p->symmetric)
        FD_THROW(FD_USAGE, "--clusters is for rows among themselves, not for --queries");
done:
    return err;
}

static fd_error *survey(fd_distances_run *r)
{
    fd_error *err = NULL;
    fd_survey all = FD_SURVEY_EMPTY;
    double mark = fd_now();
    for (int i = r->vectors[0] ? 0 : 1; i < 2; i++) {
        FD_TRY(fd_vectors_survey(r->vectors[i], r->comm, r->timeout, r->pairing.metric, &r->facts[i]));
        const fd_survey *s = &r->facts[i].survey;
        all.largest = s->largest > all.largest ? s->largest : all.largest;
        all.out_of_range |= s->out_of_range;
        all.norm = s->norm > all.norm ? s->norm : all.norm;
        if (r->facts[i].invalid)
            fd_say(FD_NORMAL, "%lld of the %lld rows of %s cannot be compared (%s)", (long long)r->facts[i].invalid, (long long)fd_vectors_count(r->vectors[i]),
                   i == 0 ? "the queries" : "the input", r->pairing.metric == FD_COSINE ? "not finite or zero" : "not finite");
    }
    fd_stage_add(r->stages, FD_STAGE_SCAN, &mark, (double)r->facts[1].count, (double)(r->facts[1].count * r->pairing.dim * 4));
    r->survey = all;
done:
    return err;
}

static fd_error *pin(fd_distances_run *r)
{
    fd_error *err = NULL;
    char hash[65];
    const char *value;
    const fd_option *option;
    FD_TRY(fd_string_add(&r->pin, "program = facesdist-distances %s\nengine = %s\nisa = %s\n", fd_version(), r->engine->kind->name,
                         r->engine->kind->isa(r->engine)));
    for (int i = 0; (option = fd_opt_at(r->options, i, &value)); i++)
        if (option->effect == FD_AFFECTS_RESULT && option->type != FD_OPT_ACTION)
            FD_TRY(fd_string_add(&r->pin, "--%s = %s\n", option->name, value ? value : ""));
    for (int i = 0; i < 2; i++) {
        fd_sha256_text(r->facts[i].hash, hash);
        FD_TRY(fd_string_add(&r->pin, "%s = %s\n", i == 0 ? "queries" : "rows", i == 0 && !r->vectors[0] ? "" : hash));
    }
done:
    return err;
}

/* A ring goes round by MPI, in the background of the sweeps. */
static fd_error *open_transport(fd_distances_run *r)
{
    const fd_exchange_wish wish = {"--transport", fd_opt_text(r->options, "transport"), "rows"};
    const bool ring = r->pairing.exchange == FD_EXCHANGE_RING;
    snprintf(r->transport, sizeof r->transport, "MPI");
    if (ring && strcmp(wish.value, "nccl") == 0)
        return FD_FAIL(FD_UNSUPPORTED, "--transport nccl is for an all-gather, and --memory has room for a ring only");
    return ring ? NULL : fd_exchange_open(r->comm, r->engine, &wish, r->transport, sizeof r->transport);
}

static fd_error *run(fd_distances_run *r)
{
    fd_error *err = NULL;
    bool complete = false;
    FD_TRY(resolve(r));
    FD_TRY(fd_comm_agree(r->comm, open_watch(r)));
    FD_TRY(fd_together(r->comm, r->timeout, r->rank == 0 ? rehearse : NULL, r));
    FD_TRY(fd_comm_agree(r->comm, open_own(r)));
    if (!fd_opt_flag(r->options, "forecast"))
        FD_TRY(fd_comm_agree(r->comm, r->rank == 0 ? check_output(r) : NULL));
    FD_TRY(fd_device_open(r->comm, r->options, FD_ARITHMETIC_F32, &r->engine));
    FD_TRY(fd_opt_resolve(r->options, "device", r->engine->kind->name));
    FD_TRY(fd_machine_same_engine(r->comm, r->engine));
    FD_TRY(fd_environment_same(r->comm, r->engine));
    FD_TRY(describe(r));
    if (fd_opt_flag(r->options, "forecast"))
        return fd_comm_agree(r->comm, fd_distances_forecast(r));
    FD_TRY(survey(r));
    FD_TRY(pin(r));
    FD_TRY(fd_distances_history(r, &complete));
    if (complete)
        return NULL;
    r->pairing.saving = (fd_saving){r->journal, r->pin.text, r->pin.text, fd_opt_real(r->options, "checkpoint")};
    FD_TRY(fd_pairing_prepare(&r->pairing, &r->survey));
    FD_TRY(fd_pairing_fit(&r->pairing, r->memory));
    FD_TRY(open_transport(r));
    FD_TRY(fd_distances_publish(r));
done:
    return err;
}

static void tell_interruption(const fd_distances_run *r)
{
    struct stat s;
    if (r->journal && stat(r->journal, &s) == 0)
        fd_say(FD_NORMAL, "interrupted: everything done is saved in %s.journal; the same command goes on", r->shown);
    else
        fd_say(FD_NORMAL, "interrupted before anything was done; the same command starts again");
}

fd_error *fd_run_distances(fd_comm *c, fd_options *options, int *exit_code)
{
    fd_distances_run r = {.comm = c, .options = options, .rank = fd_comm_rank(c), .ranks = fd_comm_ranks(c), .start = fd_now()};
    fd_utc(r.started);
    fd_signals_catch();
    *exit_code = FD_EXIT_OK;
    fd_error *err = run(&r);
    if (fd_error_code(err) == FD_INTERRUPTED) {
        tell_interruption(&r);
        *exit_code = FD_EXIT_INTERRUPTED;
        fd_error_free(err);
        err = NULL;
    }
    fd_pairing_free(&r.pairing);
    for (int i = 0; i < 2; i++) {
        fd_vectors_close(r.vectors[i]);
        free(r.facts[i].valid);
    }
    fd_engine_close(r.engine);
    fd_watch_lock(r.watch, NULL);
    fd_lock_release(r.lock);
    fd_watch_close(r.watch);
    free(r.output);
    free(r.temporary);
    free(r.journal);
    free(r.pin.text);
    return err;
}
