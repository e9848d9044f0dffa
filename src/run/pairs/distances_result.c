/* The result file of facesdist-distances. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/version.h"
#include "comm/nccl.h"
#include "run/environment.h"
#include "run/exchange.h"
#include "run/machine.h"
#include "run/pairs/checkpoint.h"
#include "run/pairs/distances_job.h"
#include "run/together.h"
#include "run/watch.h"

/* --- layout -------------------------------------------------------------------------------------------------------------------------- */

static const char *valid_path(const fd_distances_run *r, int which)
{
    return !r->vectors[0] ? "/rows/valid" : which == 0 ? "/queries/valid" : "/gallery/valid";
}

int fd_distances_columns(fd_distances_run *r, fd_column *out)
{
    static const fd_attribute meaning[] = {{"meaning", "0: the row is not finite, or zero where angles are compared; it is absent from all distances (NaN)"}};
    int n = 0;
    for (int i = r->vectors[0] ? 0 : 1; i < 2; i++)
        out[n++] = (fd_column){.path = valid_path(r, i), .type = FD_COL_U8, .rank = 1, .dim = {fd_vectors_count(r->vectors[i])}, .attributes = meaning,
                               .n_attributes = 1};
    return n + fd_pairing_columns(&r->pairing, out + n);
}

/* Work on a file, watched: bytes that it may move. */
typedef struct watched { fd_distances_run *run; fd_stage stage; const char *path; int64_t bytes; fd_error *(*work)(void *self); void *self; } watched;

static fd_error *work_watched(void *self)
{
    const watched *w = self;
    const int step = fd_watch_begin(w->run->watch, w->stage, w->path, w->bytes);
    fd_error *e = w->work(w->self);
    fd_watch_end(w->run->watch, step);
    return e;
}

/* Collective; `work` NULL: this rank has none. */
static fd_error *all_do(fd_distances_run *r, const watched *w)
{
    return fd_together(r->comm, r->timeout, w->work ? work_watched : NULL, (void *)w);
}

static fd_error *refuse(const fd_distances_run *r, int64_t need, int64_t have)
{
    char need_text[16], have_text[16], nearest[16];
    const int64_t topk = r->pairing.n[0] * 50 * 12;
    fd_bytes_text(need_text, (double)need);
    fd_bytes_text(have_text, (double)have);
    if (!r->pairing.wanted.matrix)
        return FD_FAIL(FD_NOSPACE, "%s needs %s (%lld bytes) and the disk has %s free", r->shown, need_text, (long long)need, have_text);
    return FD_FAIL(FD_NOSPACE, "%s needs %s (%lld bytes) and the disk has %s free: --matrix none --topk 50 stores the nearest 50 of each row in %s", r->shown,
                   need_text, (long long)need, have_text, fd_bytes_text(nearest, (double)topk));
}

/* Rank 0. Whatever an interrupted run computed of the matrix stays where it is. */
static fd_error *lay_out(void *self)
{
    fd_error *err = NULL;
    fd_distances_run *r = self;
    fd_column columns[8];
    struct stat st;
    int64_t have = 0;
    const int n = fd_distances_columns(r, columns);
    const int64_t need = fd_result_predict(columns, n);
    const bool again = r->pairing.wanted.matrix && !r->pairing.wanted.compress && fd_checkpoint_resumed(&r->pairing);
    FD_TRY(fd_file_free_bytes(r->output, &have));
    have += stat(r->temporary, &st) == 0 ? (int64_t)st.st_blocks * 512 : 0;   /* its place is taken again */
    if (need > have)
        FD_TRY(refuse(r, need, have));
    FD_TRY(again ? fd_result_recreate(r->temporary, columns, n) : fd_result_create(r->temporary, columns, n));
done:
    return err;
}

/* --- contents ------------------------------------------------------------------------------------------------------------------------ */

static fd_error *write_own(fd_distances_run *r, fd_result_writer *w)
{
    fd_error *err = NULL;
    for (int i = r->vectors[0] ? 0 : 1; i < 2; i++)
        FD_TRY(fd_result_write_rows(w, valid_path(r, i), r->facts[i].first, r->facts[i].count, r->facts[i].valid));
done:
    return err;
}

static fd_error *close_writer(void *self)
{
    fd_result_writer **w = self, *closing = *w;
    *w = NULL;
    return fd_result_writer_close(closing);
}

static fd_error *compute(fd_distances_run *r)
{
    fd_error *err = NULL, *own = NULL;
    fd_result_writer *w = NULL;
    fd_slabs slabs[2] = {{0}, {0}};
    fd_column columns[8];
    fd_comm *together = r->ranks > 1 && r->pairing.exchange != FD_EXCHANGE_RING ? r->comm : NULL;
    own = fd_result_writer_open(r->temporary, &w);
    if (!own)
        own = write_own(r, w);
    for (int i = r->vectors[0] ? 0 : 1; i < 2 && !own; i++)
        own = fd_slabs_open(r->vectors[i], together, r->pairing.metric, &slabs[i]);
    FD_TRY(fd_comm_agree(r->comm, own));
    r->pairing.source[1] = fd_slabs_source(&slabs[1]);
    r->pairing.source[0] = r->vectors[0] ? fd_slabs_source(&slabs[0]) : r->pairing.source[1];
    FD_TRY(fd_pairing_compute(&r->pairing, w));
    FD_TRY(fd_comm_part(r->comm));
    FD_TRY(all_do(r, &(watched){r, FD_STAGE_WRITE, r->temporary, fd_result_predict(columns, fd_distances_columns(r, columns)), close_writer, &w}));
    FD_TRY(fd_pairing_write(&r->pairing));
done:
    fd_error_free(fd_result_writer_close(w));
    fd_slabs_close(&slabs[0]);
    fd_slabs_close(&slabs[1]);
    return err;
}

/* --- /run ---------------------------------------------------------------------------------------------------------------------------- */

enum { NOTES = 64 };

typedef struct notes {
    fd_attribute attribute[NOTES];
    char *name[NOTES];                    /* those that are made here */
    int n;
} notes;

static void note(notes *all, const char *name, const char *text)
{
    if (all->n < NOTES)
        all->attribute[all->n++] = (fd_attribute){name, text};
}

static fd_error *note_options(notes *all, const fd_options *o)
{
    fd_error *err = NULL;
    const char *value;
    for (int i = 0; fd_opt_at(o, i, &value); i++) {
        const fd_option *option = fd_opt_at(o, i, &value);
        fd_string name = {0};
        if (option->type == FD_OPT_ACTION || !value || all->n == NOTES)
            continue;
        FD_TRY(fd_string_add(&name, "option %s", option->name));
        all->name[all->n] = name.text;
        note(all, name.text, value);
    }
done:
    return err;
}

static fd_error *commit(void *self)
{
    fd_error *err = NULL;
    fd_distances_run *r = self;
    notes all = {.n = 0};
    fd_string environment = {0};
    char program[96], libraries[256], ranks[16], processor[256], now[21], transport[768];
    fd_exchange_text(r->comm, r->transport, transport, sizeof transport);
    FD_TRY(fd_environment_text(&environment));
    fd_utc(now);
    snprintf(program, sizeof program, "facesdist-distances %s", fd_version());
    snprintf(libraries, sizeof libraries, "%s; %s", fd_comm_library(r->comm), fd_store_library());
    snprintf(ranks, sizeof ranks, "%d", r->ranks);
    fd_machine_cpu(processor, sizeof processor);
    note(&all, "program", program);
    note(&all, "revision", fd_revision());
    note(&all, "pin", r->pin.text);
    note(&all, "input", fd_positional(r->options, 0));
    note(&all, "engine", r->engine->kind->description(r->engine));
    note(&all, "host", fd_comm_host(r->comm));
    note(&all, "processor", processor);
    note(&all, "libraries", libraries);
    note(&all, "transport", transport);
    note(&all, "environment", environment.text);
    note(&all, "ranks", ranks);
    note(&all, "started", r->started);
    note(&all, "finished", now);
    FD_TRY(note_options(&all, r->options));
    FD_TRY(fd_result_commit(r->temporary, r->output, all.attribute, all.n, NULL, 0));
done:
    free(environment.text);
    for (int i = 0; i < NOTES; i++)
        free(all.name[i]);
    return err;
}

static void report(const fd_distances_run *r)
{
    char seconds[24], bytes[16], exchange[24];
    struct stat st;
    const double pairs = r->pairing.symmetric ? (double)r->pairing.n[0] * (double)(r->pairing.n[0] - 1) / 2 : (double)r->pairing.n[0] * (double)r->pairing.n[1];
    const double took = r->stages[FD_STAGE_DISTANCES].seconds;
    if (fd_log_level() <= FD_QUIET)
        return;
    printf("%.0f pairs in %s (%.1f million/s), rows in %s\n", pairs > 0 ? pairs : 0, fd_seconds_text(seconds, took), took > 0 ? pairs / took / 1e6 : 0,
           fd_seconds_text(exchange, r->stages[FD_STAGE_EXCHANGE].seconds));
    printf("%s in %s (%s)\n", r->shown, fd_seconds_text(seconds, fd_now() - r->start),
           fd_bytes_text(bytes, stat(r->output, &st) == 0 ? (double)st.st_size : 0));
    fflush(stdout);
}

fd_error *fd_distances_publish(fd_distances_run *r)
{
    fd_error *err = NULL;
    bool made = false;
    FD_TRY(all_do(r, &(watched){r, FD_STAGE_WRITE, r->temporary, 0, r->rank == 0 ? lay_out : NULL, r}));
    made = true;
    FD_TRY(compute(r));
    FD_TRY(all_do(r, &(watched){r, FD_STAGE_COMMIT, r->output, 0, r->rank == 0 ? commit : NULL, r}));
    if (r->rank == 0) {
        fd_distances_drop_journal(r);
        report(r);
    }
done:
    if (err && made && r->rank == 0 && !fd_checkpoint_resumed(&r->pairing))
        unlink(r->temporary);
    return err;
}
