/* Two results side by side: the points that both have measured. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "run/apart.h"
#include "run/bench/output.h"
#include "run/bench/suite.h"
#include "run/run.h"
#include "run/text_table.h"

/* Machines have different numbers of cores: all threads of one are held against all of the other. */
static bool same_point(const fd_trial *a, const fd_trial *b)
{
    const fd_suite *suite = fd_suite_named(a->suite);
    const bool over_threads = suite && strcmp(suite->size, "threads") == 0;
    return strcmp(a->suite, b->suite) == 0 && strcmp(a->series, b->series) == 0 && strcmp(a->device, b->device) == 0 &&
           (a->threads == 1) == (b->threads == 1) && (over_threads || a->size == b->size);
}

/* The last one: over threads that is the one with all of them. */
static const fd_trial *find(const fd_trials *in, const fd_trial *like)
{
    for (size_t i = in->n; i-- > 0;)
        if (in->trial[i].state == FD_TRIAL_MEASURED && same_point(&in->trial[i], like))
            return &in->trial[i];
    return NULL;
}

/* How many times as fast b is: by the work where sizes differ (ceilings, over threads), else by the time. */
static double gain(const fd_trial *a, const fd_trial *b)
{
    const double work_a = isfinite(a->operations) ? a->operations : a->bytes, work_b = isfinite(b->operations) ? b->operations : b->bytes;
    const double work = isfinite(work_a) && isfinite(work_b) ? work_b / work_a : b->items / a->items;
    return a->median / b->median * work;
}

static fd_error *add_row(fd_text_table *t, const fd_trial *a, const fd_trial *b)
{
    fd_error *err = NULL;
    FD_TRY(fd_text_cell(t, "%s", a->suite));
    FD_TRY(fd_text_cell(t, "%s", a->series));
    FD_TRY(fd_text_cell(t, "%s", a->device));
    if (a->threads == b->threads)
        FD_TRY(fd_text_cell(t, "%d", a->threads));
    else
        FD_TRY(fd_text_cell(t, "%d / %d", a->threads, b->threads));
    FD_TRY(fd_text_cell(t, "%.6g", a->size));
    FD_TRY(fd_text_cell(t, "%.4g", a->median * 1e3));
    FD_TRY(fd_text_cell(t, "%.4g", b->median * 1e3));
    FD_TRY(fd_text_cell(t, "%.2f", gain(a, b)));
done:
    return err;
}

static fd_error *print(const fd_trials *a, const fd_trials *b)
{
    fd_error *err = NULL;
    static const char *const heading[] = {"suite", "what", "device", "threads", "size", "A ms", "B ms", "B is times as fast"};
    fd_text_table table = {.columns = 8, .right = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7};
    size_t shared = 0, measured_a = 0, measured_b = 0;
    for (int i = 0; i < 8; i++)
        FD_TRY(fd_text_cell(&table, "%s", heading[i]));
    for (size_t i = 0; i < a->n; i++) {
        if (a->trial[i].state != FD_TRIAL_MEASURED)
            continue;
        const fd_trial *other = find(b, &a->trial[i]);
        measured_a++;
        shared += other != NULL;
        if (other)
            FD_TRY(add_row(&table, &a->trial[i], other));
    }
    for (size_t i = 0; i < b->n; i++)
        measured_b += b->trial[i].state == FD_TRIAL_MEASURED;
    fd_text_table_print(&table, stdout);
    printf("points that both have: %zu; only A: %zu; only B: %zu\n", shared, measured_a - shared, measured_b - shared);
    if (fflush(stdout) != 0 || ferror(stdout))
        FD_THROW(FD_IO, "cannot write to standard output");
done:
    fd_text_table_free(&table);
    return err;
}

typedef struct pair {
    const char *path[2];
} pair;

static fd_error *compare(const pair *p)
{
    fd_error *err = NULL;
    fd_trials trials[2] = {{0}, {0}};
    char *processor = NULL, shown[FD_ESCAPED];
    for (int i = 0; i < 2; i++) {
        FD_TRY(fd_bench_read_h5(p->path[i], &trials[i], "processor", &processor));
        printf("%c: %s", 'A' + i, fd_escape(shown, sizeof shown, p->path[i]));
        printf(" (%s)\n", fd_escape(shown, sizeof shown, processor ? processor : "unknown"));
        free(processor);
        processor = NULL;
    }
    FD_TRY(print(&trials[0], &trials[1]));
done:
    free(processor);
    free(trials[0].trial);
    free(trials[1].trial);
    return err;
}

static int compare_and_report(void *self)
{
    fd_error *err = compare(self);
    if (err)
        fd_report("facesdist-bench", err);
    const int exit_code = err ? FD_EXIT_FAILED : FD_EXIT_OK;
    fd_error_free(err);
    return exit_code;
}

fd_error *fd_bench_compare(const char *a, const char *b, int *exit_code)
{
    pair p = {{a, b}};
    return fd_apart(p.path, compare_and_report, &p, exit_code);
}
