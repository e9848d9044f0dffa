/* What an earlier run of facesdist-distances left: a result, a journal, or nothing. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "run/apart.h"
#include "run/lock.h"
#include "run/pairs/distances_job.h"
#include "run/together.h"
#include "run/watch.h"
#include "store/journal.h"

static bool exists(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

void fd_distances_drop_journal(const fd_distances_run *r)
{
    fd_error *e = fd_journal_remove(r->journal);
    if (e)
        fd_warn("%s", fd_error_message(e));
    fd_error_free(e);
}

/* All that this run reads of an earlier result. */
static fd_error *read_pin(void *self)
{
    fd_error *err = NULL;
    const fd_distances_run *r = self;
    fd_result *there = NULL;
    char *pin = NULL;
    FD_TRY(fd_result_open(r->output, &there));
    FD_TRY(fd_result_attribute(there, "/run", "pin", &pin));
done:
    free(pin);
    fd_result_close(there);
    return err;
}

static fd_error *judge_result(const fd_distances_run *r, bool *complete)
{
    fd_error *err = NULL;
    fd_result *there = NULL;
    char *was = NULL;
    *complete = false;
    if (!exists(r->output) || fd_opt_flag(r->options, "force"))
        return NULL;
    err = fd_apart_rehearse(r->output, read_pin, (void *)r);
    if (fd_error_code(err) == FD_INTERRUPTED)
        return err;
    if (err)
        goto done;
    FD_TRY(fd_result_open(r->output, &there));
    FD_TRY(fd_result_attribute(there, "/run", "pin", &was));
    FD_TRY(fd_pin_compare(was ? was : "", r->pin.text, r->shown));
    *complete = true;
done:
    free(was);
    fd_result_close(there);
    return err ? fd_error_prefix(err, "%s is there already and was not made by this command (--force replaces it)", r->shown) : NULL;
}

static fd_error *judge_journal(const fd_distances_run *r)
{
    fd_error *err = NULL;
    char *was = NULL, what[FD_ESCAPED + 16];
    FD_TRY(fd_journal_pin(r->journal, &was));
    if (!was)
        return NULL;
    snprintf(what, sizeof what, "%s.journal", r->shown);
    err = fd_pin_compare(was, r->pin.text, what);
    if (err && fd_opt_flag(r->options, "force")) {
        fd_error_free(err);
        err = NULL;
        FD_TRY(fd_journal_remove(r->journal));
        fd_say(FD_NORMAL, "the journal of another run was removed (--force)");
    } else if (err)
        err = fd_error_prefix(err, "an unfinished run is there that this command cannot go on with (--force starts anew)");
done:
    free(was);
    return err;
}

typedef struct looking { fd_distances_run *run; bool complete; } looking;

static fd_error *take_lock(fd_distances_run *r)
{
    fd_error *e = fd_lock_take(r->journal, r->output, &r->lock);
    fd_watch_lock(r->watch, r->lock);
    return e;
}

static fd_error *look_back(void *self)
{
    fd_error *err = NULL;
    looking *l = self;
    fd_distances_run *r = l->run;
    FD_TRY(take_lock(r));   /* first: the holder may be about to commit */
    FD_TRY(judge_result(r, &l->complete));
    if (l->complete) {
        fd_distances_drop_journal(r);
        unlink(r->temporary);   /* of a run with --force that was killed while it wrote */
        fd_say(FD_NORMAL, "%s: already complete", r->shown);
        return NULL;
    }
    FD_TRY(judge_journal(r));
    if (!exists(r->journal)) {   /* removed: the lock went with it */
        fd_watch_lock(r->watch, NULL);
        fd_lock_release(r->lock);
        r->lock = NULL;
        FD_TRY(take_lock(r));
    }
done:
    return err;
}

fd_error *fd_distances_history(fd_distances_run *r, bool *complete)
{
    fd_error *err = NULL;
    looking l = {.run = r};
    FD_TRY(fd_together(r->comm, r->timeout, r->rank == 0 ? look_back : NULL, &l));
    int64_t verdict = l.complete;
    FD_TRY(fd_comm_broadcast(r->comm, &verdict, sizeof verdict, 0));
    *complete = verdict != 0;
done:
    return err;
}
