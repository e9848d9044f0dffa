/* What an earlier run left: a result, a journal, or nothing; and what this run makes of it. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/apart.h"
#include "run/faces/history.h"
#include "run/faces/job.h"
#include "run/faces/reuse.h"
#include "run/faces/touched.h"
#include "run/lock.h"
#include "run/signals.h"
#include "run/together.h"
#include "run/watch.h"
#include "store/journal.h"
#include "store/result.h"

static bool exists(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

typedef struct reader { fd_error *(*each)(void *self, const uint8_t *payload, size_t n, int64_t offset); void *self; } reader;

/* Logs may be long: a reader stops when the run is asked to. */
static fd_error *each_until_asked(void *self, const uint8_t *payload, size_t n, int64_t offset)
{
    const reader *r = self;
    fd_error *asked = fd_signals_check();
    return asked ? asked : r->each(r->self, payload, n, offset);
}

static fd_error *read_log(fd_job *job, const char *name, const char *pin, const reader *r)
{
    fd_error *err = NULL;
    char *path = NULL;
    struct stat s = {.st_size = 0};
    int watched = -1;
    FD_TRY(fd_path_join(&path, job->journal, name));
    watched = fd_watch_begin(job->watch, FD_STAGE_ASSEMBLE, path, stat(path, &s) == 0 ? s.st_size : 0);
    FD_TRY(fd_journal_read(path, pin, each_until_asked, (void *)r));
done:
    fd_watch_end(job->watch, watched);
    free(path);
    return err;
}

/* Every step-th log, beginning with the first-th by name. */
static fd_error *read_logs(fd_job *job, const char *pin, int first, int step, const reader *r)
{
    fd_error *err = NULL;
    char **names = NULL;
    int n = 0;
    FD_TRY(fd_journal_list(job->journal, &names, &n));
    for (int i = first; i < n; i += step)
        FD_TRY(read_log(job, names[i], pin, r));
done:
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return err;
}

fd_error *fd_job_read_logs(fd_job *job, fd_error *(*each)(void *self, const uint8_t *payload, size_t n, int64_t offset), void *self)
{
    return read_logs(job, job->journal_pin.text, job->rank, job->ranks, &(reader){each, self});
}

fd_error *fd_job_read_all_logs(fd_job *job, const char *pin, fd_error *(*each)(void *self, const uint8_t *payload, size_t n, int64_t offset), void *self)
{
    return read_logs(job, pin, 0, 1, &(reader){each, self});
}

/* Whether two pins differ in the photographs alone. */
static bool only_photographs_differ(const char *was, const char *now)
{
    const char *a = strstr(was, "photographs = "), *b = strstr(now, "photographs = ");
    return a && b && a - was == b - now && strncmp(was, now, (size_t)(a - was)) == 0 && strcmp(a + strcspn(a, "\n"), b + strcspn(b, "\n")) == 0;
}

/* All that this run may read of an earlier result. */
static fd_error *read_result(void *self)
{
    fd_error *err = NULL;
    const fd_job *job = self;
    fd_result *r = NULL;
    fd_reuse *reuse = NULL;
    char *text = NULL;
    void *column = NULL;
    int64_t n = 0;
    if (fd_opt_flag(job->options, "update"))
        FD_TRY(fd_reuse_open(job->output, job->shape, &reuse));
    FD_TRY(fd_result_open(job->output, &r));
    FD_TRY(fd_result_attribute(r, "/run", "pin", &text));
    free(text);
    text = NULL;
    FD_TRY(fd_result_attribute(r, "/run", "started", &text));
    FD_TRY(fd_result_read(r, "/images/sha256", FD_COL_U8, 0, -1, &column, &n));
    free(column);
    column = NULL;
    FD_TRY(fd_result_read(r, "/images/path", FD_COL_TEXT, 0, -1, &column, &n));
done:
    free(text);
    free(column);
    fd_result_close(r);
    fd_reuse_close(reuse);
    return err;
}

static fd_error *judge_result(fd_job *job, bool *complete, bool *reuse)
{
    fd_error *err = NULL, *differs = NULL;
    fd_result *r = NULL;
    char *pin = NULL;
    bool update = fd_opt_flag(job->options, "update"), force = fd_opt_flag(job->options, "force");
    *complete = *reuse = false;
    if (!exists(job->output) || (force && !update))
        return NULL;
    err = fd_apart_rehearse(job->output, read_result, job);
    if (fd_error_code(err) == FD_INTERRUPTED)
        return err;
    if (err)
        goto done;
    FD_TRY(fd_result_open(job->output, &r));
    FD_TRY(fd_result_attribute(r, "/run", "pin", &pin));
    differs = fd_pin_compare(pin ? pin : "", job->pin.text, job->shown);
    *complete = !differs && !update;
    *reuse = update && pin && (!differs || only_photographs_differ(pin, job->pin.text));
    if (differs && !*reuse) {
        err = pin && only_photographs_differ(pin, job->pin.text) ? fd_job_name_in_result(job, differs) : differs;
        differs = NULL;
    }
done:
    fd_error_free(differs);
    free(pin);
    fd_result_close(r);
    if (err && force) {   /* with --update: what cannot be reused is replaced */
        fd_error_free(err);
        return NULL;
    }
    return err ? fd_error_prefix(err, "%s is there already and was not made by this command (--force replaces it)", job->shown) : NULL;
}

/* A journal pin of an update ends with the result that it started from. */
static const char EARLIER[] = "earlier result = ";

void fd_job_drop_journal(fd_job *job)
{
    fd_error *e = fd_journal_remove(job->journal);
    if (e)
        fd_warn("%s", fd_error_message(e));
    fd_error_free(e);
}

/* Whether two pins are the same but for the earlier result, which one of them may lack. */
static bool only_earlier_differs(const char *was, const char *now)
{
    const char *a = strstr(was, EARLIER), *b = strstr(now, EARLIER);
    size_t n = a ? (size_t)(a - was) : strlen(was), m = b ? (size_t)(b - now) : strlen(now);
    return n == m && strncmp(was, now, n) == 0;
}

/* An update trusts no journal but its own: one that an earlier run left speaks of the photographs as they were, and sizes may not tell. */
static bool is_spent(const fd_job *job, const char *pin)
{
    return fd_opt_flag(job->options, "update") && (only_earlier_differs(pin, job->journal_pin.text) || only_photographs_differ(pin, job->journal_pin.text));
}

static fd_error *take_lock(fd_job *job)
{
    fd_error *e = fd_lock_take(job->journal, job->output, &job->lock);
    fd_watch_lock(job->watch, job->lock);
    return e;
}

/* Removes a journal that is of no use, and takes the lock again: it went with the folder. */
static fd_error *replace_journal(fd_job *job)
{
    fd_error *err = NULL;
    bool force = fd_opt_flag(job->options, "force");
    FD_TRY(fd_journal_remove(job->journal));
    fd_say(FD_NORMAL, "the journal of %s was removed (%s)", force ? "another run" : "an earlier run", force ? "--force" : "--update");
    fd_watch_lock(job->watch, NULL);
    fd_lock_release(job->lock);
    job->lock = NULL;
    FD_TRY(take_lock(job));
done:
    return err;
}

static fd_error *judge_journal(fd_job *job)
{
    fd_error *err = NULL;
    char *pin = NULL, what[FD_ESCAPED + 16];
    FD_TRY(fd_journal_pin(job->journal, &pin));
    if (!pin)
        return NULL;
    snprintf(what, sizeof what, "%s.journal", job->shown);
    err = fd_pin_compare(pin, job->journal_pin.text, what);
    if (err && (fd_opt_flag(job->options, "force") || is_spent(job, pin))) {
        fd_error_free(err);
        err = NULL;
        FD_TRY(replace_journal(job));
    } else if (err && only_photographs_differ(pin, job->journal_pin.text)) {
        err = fd_job_name_in_journal(job, pin, err);
    } else if (err) {
        err = fd_error_prefix(err, "an unfinished run is there that this command cannot go on with (--force starts anew)");
    }
done:
    free(pin);
    return err;
}

typedef struct verdict { int64_t complete, reuse; char earlier[64]; } verdict;

/* Rank 0: which file it is that rows are taken from. */
static fd_error *pin_earlier(fd_job *job, verdict *v)
{
    struct stat s;
    if (stat(job->output, &s) == 0)
        snprintf(v->earlier, sizeof v->earlier, "%lld.%09ld", (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    return fd_string_add(&job->journal_pin, "%s%s\n", EARLIER, v->earlier);
}

typedef struct looking { fd_job *job; verdict verdict; } looking;

/* The lock comes first: its holder may be about to commit. Where nothing can be written a finished result may still be complete. */
static fd_error *lock_and_judge(fd_job *job, bool *complete, bool *reuse)
{
    fd_error *locking = take_lock(job);
    if (fd_error_code(locking) == FD_LOCKED || fd_error_code(locking) == FD_INTERRUPTED)
        return locking;
    fd_error *err = judge_result(job, complete, reuse);
    if (!err && !*complete)
        return locking;
    fd_error_free(locking);
    return err;
}

static fd_error *look_back(void *self)
{
    fd_error *err = NULL;
    looking *l = self;
    fd_job *job = l->job;
    bool complete = false, reuse = false, had_journal = exists(job->journal);
    FD_TRY(lock_and_judge(job, &complete, &reuse));
    if (complete && job->lock) {
        if (!fd_opt_flag(job->options, "keep-journal") || !had_journal)
            fd_job_drop_journal(job);
        unlink(job->temporary);   /* of a run with --force or --update that was killed while it wrote */
    } else if (!complete) {
        if (reuse)
            FD_TRY(pin_earlier(job, &l->verdict));
        FD_TRY(judge_journal(job));
    }
    l->verdict.complete = complete;
    l->verdict.reuse = reuse;
done:
    return err;
}

static void tell_vanished(const fd_job *job)
{
    int64_t gone = 0, i = 0, n = fd_reuse_count(job->reuse);
    for (int64_t k = 0; k < n; k++) {
        while (i < job->manifest.n && strcmp(job->manifest.entry[i].key, fd_reuse_key(job->reuse, k)) < 0)
            i++;
        if (i < job->manifest.n && strcmp(job->manifest.entry[i].key, fd_reuse_key(job->reuse, k)) == 0)
            continue;
        char name[FD_ESCAPED];
        if (gone++ < 10)
            fd_say(FD_NORMAL, "gone since the earlier result: %s", fd_escape(name, sizeof name, fd_reuse_key(job->reuse, k)));
    }
    if (gone)
        fd_say(FD_NORMAL, "%lld images of the earlier result are gone and were dropped", (long long)gone);
}

static fd_error *open_earlier(void *self)
{
    fd_job *job = self;
    return fd_reuse_open(job->output, job->shape, &job->reuse);
}

static fd_error *stale_photograph(const fd_job *job, int64_t image, const char *way_out)
{
    char name[FD_ESCAPED];
    return FD_FAIL(FD_MISMATCH, "the photographs have changed (the content of %s is not what it was; %s)",
                   fd_escape(name, sizeof name, job->manifest.entry[image].key), way_out);
}

static fd_error *replace_stale(void *self)
{
    return replace_journal(self);
}

fd_error *fd_job_start_anew(fd_job *job, int64_t stale)
{
    if (!fd_opt_flag(job->options, "force") && !fd_opt_flag(job->options, "update"))
        return stale_photograph(job, stale, "--force starts anew");
    return fd_job_together(job, job->rank == 0 ? replace_stale : NULL, job);
}

/* The pins agree; so must the photographs. */
static fd_error *confirm_complete(fd_job *job)
{
    fd_error *err = NULL;
    int64_t stale;
    FD_TRY(fd_job_check_result(job, &stale));
    if (stale >= 0)
        err = fd_error_prefix(stale_photograph(job, stale, "--update processes what is new"),
                              "%s is there already and was not made by this command (--force replaces it)", job->shown);
    else
        fd_say(FD_NORMAL, "%s: already complete", job->shown);
done:
    return err;
}

fd_error *fd_job_history(fd_job *job, bool *complete)
{
    fd_error *err = NULL;
    looking l = {.job = job};
    FD_TRY(fd_job_together(job, job->rank == 0 ? look_back : NULL, &l));
    FD_TRY(fd_comm_broadcast(job->comm, &l.verdict, sizeof l.verdict, 0));
    *complete = l.verdict.complete != 0;
    if (*complete)
        FD_TRY(confirm_complete(job));
    if (l.verdict.reuse) {
        if (job->rank != 0)
            FD_TRY(fd_string_add(&job->journal_pin, "%s%s\n", EARLIER, l.verdict.earlier));
        FD_TRY(fd_job_together(job, open_earlier, job));
        tell_vanished(job);
    }
done:
    return err;
}
