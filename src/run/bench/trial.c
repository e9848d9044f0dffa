#include "run/bench/trial.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *fd_trial_state_name(fd_trial_state state)
{
    static const char *const names[FD_TRIAL_STATES] = {"measured", "skipped", "not built", "failed"};
    return state >= 0 && state < FD_TRIAL_STATES ? names[state] : "unknown";
}

fd_trial fd_trial_of(const char *suite, const char *device, int threads, double size, const char *series, ...)
{
    fd_trial t = {.threads = threads,
                  .size = size,
                  .state = FD_TRIAL_FAILED,
                  .least = NAN,
                  .median = NAN,
                  .most = NAN,
                  .predicted = NAN,
                  .first = NAN,
                  .upload = NAN,
                  .download = NAN,
                  .items = NAN,
                  .operations = NAN,
                  .bytes = NAN,
                  .overhead = 0};
    va_list args;
    snprintf(t.suite, sizeof t.suite, "%s", suite);
    snprintf(t.device, sizeof t.device, "%s", device);
    va_start(args, series);
    vsnprintf(t.series, sizeof t.series, series, args);
    va_end(args);
    return t;
}

fd_error *fd_trials_add(fd_trials *all, const fd_trial *t)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&all->trial, &all->capacity, all->n + 1, sizeof *all->trial));
    all->trial[all->n++] = *t;
done:
    return err;
}

static bool same_place(const fd_trial *a, const fd_trial *b)
{
    return strcmp(a->suite, b->suite) == 0 && strcmp(a->device, b->device) == 0 && a->threads == b->threads;
}

const fd_trial *fd_trials_last(const fd_trials *all, const fd_trial *like)
{
    const fd_trial *found = NULL;
    for (size_t i = 0; i < all->n; i++)
        if (all->trial[i].state == FD_TRIAL_MEASURED && same_place(&all->trial[i], like) && strcmp(all->trial[i].series, like->series) == 0)
            found = &all->trial[i];
    return found;
}

/* What a trial's time grows with. */
static double work_of(const fd_trial *t)
{
    return isfinite(t->operations) ? t->operations : isfinite(t->bytes) ? t->bytes : t->items;
}

double fd_trials_predict(const fd_trials *all, const fd_trial *t)
{
    const fd_trial *last = fd_trials_last(all, t);
    if (last)
        return last->median * work_of(t) / work_of(last);
    double slowest = NAN;
    for (size_t i = 0; i < all->n; i++) {
        const fd_trial *other = &all->trial[i];
        if (other->state == FD_TRIAL_MEASURED && same_place(other, t) && isfinite(other->operations) == isfinite(t->operations))
            slowest = fmin(slowest, work_of(other) / other->median); /* fmin passes over NAN */
    }
    return work_of(t) / slowest;
}

double fd_trial_rate(const fd_trial *t, double of)
{
    return t->state == FD_TRIAL_MEASURED ? of / t->median : NAN;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double fd_median(double *times, int64_t n)
{
    qsort(times, (size_t)n, sizeof *times, ascending);
    return n % 2 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2;
}
