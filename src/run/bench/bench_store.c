/* The points as an HDF5 file, a dataset for each column. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/bench/output.h"
#include "run/bench/suite.h"
#include "store/result.h"

/* A column of numbers: a member of fd_trial. */
typedef struct number {
    const char *path;
    size_t offset;
    const char *unit, *meaning;
} number;

#define MEMBER(name) offsetof(fd_trial, name)
static const number numbers[] = {
    {"/trials/size", MEMBER(size), "as /trials/size_counts says", "along a curve"},
    {"/trials/min", MEMBER(least), "s", "one call, the least of all samples"},
    {"/trials/median", MEMBER(median), "s", "one call, the median of all samples"},
    {"/trials/max", MEMBER(most), "s", "one call, the longest of all samples"},
    {"/trials/predicted", MEMBER(predicted), "s", "one call, predicted before it was run"},
    {"/trials/first_call", MEMBER(first), "s", "preparing and the first call"},
    {"/trials/upload", MEMBER(upload), "s", "to the memory of a device; NaN where that is the host's own"},
    {"/trials/download", MEMBER(download), "s", "from the memory of a device; NaN where that is the host's own"},
    {"/trials/items", MEMBER(items), "1", "of one call; what they are is in /trials/item"},
    {"/trials/operations", MEMBER(operations), "1", "arithmetic operations of one call; NaN where none are counted"},
    {"/trials/bytes", MEMBER(bytes), "byte", "that one call must move at least"},
};
enum { NUMBERS = sizeof numbers / sizeof(number), TEXTS = 7, CLOCKS = 10, COLUMNS = NUMBERS + TEXTS + CLOCKS + 4 };

/* The texts of a trial, in the order of text_paths. */
static const char *const text_paths[TEXTS] = {"/trials/suite", "/trials/series",      "/trials/device", "/trials/state",
                                              "/trials/note",  "/trials/size_counts", "/trials/item"};

static const char *text_of(const fd_trial *t, int which)
{
    const fd_suite *suite = fd_suite_named(t->suite);
    const char *const all[TEXTS] = {t->suite, t->series, t->device, fd_trial_state_name(t->state), t->note, suite->size, suite->item};
    return all[which];
}

/* What the columns are made from; arrays of one element for each trial or clock. */
typedef struct arrays {
    double *number[NUMBERS], *clock[CLOCKS];
    const char **text[TEXTS], **suite, **held;
    int32_t *threads;
    int64_t *runs;
    fd_attribute attribute[NUMBERS][2];
} arrays;

static fd_error *fill_clocks(const fd_session *s, arrays *a)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&a->suite, (size_t)s->clocks, sizeof(char *)));
    FD_TRY(fd_alloc(&a->held, (size_t)s->clocks, sizeof(char *)));
    for (int k = 0; k < CLOCKS; k++)
        FD_TRY(fd_alloc(&a->clock[k], (size_t)s->clocks, sizeof(double)));
    for (int i = 0; i < s->clocks; i++) {
        const fd_clock *c = &s->clock[i];
        const double values[CLOCKS] = {c->mhz[0],     c->mhz[1],     c->peak[0],        c->peak[1],        c->load,
                                       c->gpu[0].mhz, c->gpu[1].mhz, c->gpu[0].celsius, c->gpu[1].celsius, c->joules};
        a->suite[i] = c->suite;
        a->held[i] = c->gpu[1].held;
        for (int k = 0; k < CLOCKS; k++)
            a->clock[k][i] = values[k];
    }
done:
    return err;
}

static fd_error *fill(const fd_session *s, arrays *a)
{
    fd_error *err = NULL;
    const size_t n = s->trials.n;
    FD_TRY(fd_alloc(&a->threads, n, sizeof *a->threads));
    FD_TRY(fd_alloc(&a->runs, n, sizeof *a->runs));
    for (int k = 0; k < NUMBERS; k++) {
        FD_TRY(fd_alloc(&a->number[k], n, sizeof(double)));
        for (size_t i = 0; i < n; i++)
            memcpy(&a->number[k][i], (const char *)&s->trials.trial[i] + numbers[k].offset, sizeof(double));
    }
    for (int k = 0; k < TEXTS; k++) {
        FD_TRY(fd_alloc(&a->text[k], n, sizeof(char *)));
        for (size_t i = 0; i < n; i++)
            a->text[k][i] = text_of(&s->trials.trial[i], k);
    }
    for (size_t i = 0; i < n; i++) {
        a->threads[i] = s->trials.trial[i].threads;
        a->runs[i] = s->trials.trial[i].runs;
    }
    FD_TRY(fill_clocks(s, a));
done:
    return err;
}

static void empty(arrays *a)
{
    for (int k = 0; k < NUMBERS; k++)
        free(a->number[k]);
    for (int k = 0; k < TEXTS; k++)
        free(a->text[k]);
    for (int k = 0; k < CLOCKS; k++)
        free(a->clock[k]);
    free(a->suite);
    free(a->held);
    free(a->threads);
    free(a->runs);
}

static fd_column column(const char *path, fd_column_type type, int64_t n, const void *data)
{
    return (fd_column){.path = path, .type = type, .rank = 1, .dim = {n}, .data = data};
}

static int describe(const fd_session *s, arrays *a, fd_column *out)
{
    static const char *const clock_paths[CLOCKS] = {"/clocks/before_mhz",
                                                    "/clocks/after_mhz",
                                                    "/clocks/before_operations_per_s",
                                                    "/clocks/after_operations_per_s",
                                                    "/clocks/load",
                                                    "/clocks/gpu_before_mhz",
                                                    "/clocks/gpu_after_mhz",
                                                    "/clocks/gpu_before_celsius",
                                                    "/clocks/gpu_after_celsius",
                                                    "/clocks/processor_joules"};
    const int64_t n = (int64_t)s->trials.n;
    int columns = 0;
    for (int k = 0; k < TEXTS; k++)
        out[columns++] = column(text_paths[k], FD_COL_TEXT, n, a->text[k]);
    out[columns++] = column("/trials/threads", FD_COL_I32, n, a->threads);
    out[columns++] = column("/trials/samples", FD_COL_I64, n, a->runs);
    for (int k = 0; k < NUMBERS; k++) {
        a->attribute[k][0] = (fd_attribute){"unit", numbers[k].unit};
        a->attribute[k][1] = (fd_attribute){"meaning", numbers[k].meaning};
        out[columns] = column(numbers[k].path, FD_COL_F64, n, a->number[k]);
        out[columns].attributes = a->attribute[k];
        out[columns++].n_attributes = 2;
    }
    if (s->clocks > 0) {
        out[columns++] = column("/clocks/suite", FD_COL_TEXT, s->clocks, a->suite);
        out[columns++] = column("/clocks/gpu_held_down_by", FD_COL_TEXT, s->clocks, a->held);
        for (int k = 0; k < CLOCKS; k++)
            out[columns++] = column(clock_paths[k], FD_COL_F64, s->clocks, a->clock[k]);
    }
    return columns;
}

fd_error *fd_bench_write_h5(const fd_session *s, const fd_fact *facts, int n, const char *path)
{
    fd_error *err = NULL;
    arrays a = {0};
    fd_column columns[COLUMNS];
    fd_attribute run[FD_FACTS];
    fd_string temporary = {0};
    FD_TRY(fd_string_add(&temporary, "%s.tmp", path));
    FD_TRY(fill(s, &a));
    for (int i = 0; i < n; i++)
        run[i] = (fd_attribute){facts[i].name, facts[i].text};
    FD_TRY(fd_result_create(temporary.text, columns, describe(s, &a, columns)));
    FD_TRY(fd_result_commit(temporary.text, path, run, n, NULL, 0));
done:
    empty(&a);
    free(temporary.text);
    return err;
}

/* --- reading ------------------------------------------------------------------------------------------------------------------------- */

static fd_error *read_numbers(fd_result *r, fd_trials *out)
{
    fd_error *err = NULL;
    void *data = NULL;
    int64_t n;
    for (int k = 0; k < NUMBERS; k++) {
        FD_TRY(fd_result_read(r, numbers[k].path, FD_COL_F64, 0, -1, &data, &n));
        if ((size_t)n != out->n)
            FD_THROW(FD_FORMAT, "%s is not as long as the other columns", numbers[k].path);
        for (size_t i = 0; i < out->n; i++)
            memcpy((char *)&out->trial[i] + numbers[k].offset, (const double *)data + i, sizeof(double));
        free(data);
        data = NULL;
    }
done:
    free(data);
    return err;
}

static fd_trial_state state_named(const char *name)
{
    for (int i = 0; i < FD_TRIAL_STATES; i++)
        if (strcmp(fd_trial_state_name((fd_trial_state)i), name) == 0)
            return (fd_trial_state)i;
    return FD_TRIAL_FAILED;
}

static fd_error *read_texts(fd_result *r, fd_trials *out)
{
    fd_error *err = NULL;
    void *data = NULL;
    int64_t n;
    for (int k = 0; k < 4; k++) { /* suite, series, device, state */
        FD_TRY(fd_result_read(r, text_paths[k], FD_COL_TEXT, 0, -1, &data, &n));
        if (k == 0) {
            FD_TRY(fd_alloc(&out->trial, (size_t)n, sizeof *out->trial));
            out->n = (size_t)n;
        } else if ((size_t)n != out->n)
            FD_THROW(FD_FORMAT, "%s is not as long as the other columns", text_paths[k]);
        for (size_t i = 0; i < out->n; i++) {
            const char *text = ((char **)data)[i];
            fd_trial *t = &out->trial[i];
            char *const to[] = {t->suite, t->series, t->device};
            const size_t size[] = {sizeof t->suite, sizeof t->series, sizeof t->device};
            if (k < 3)
                fd_escape(to[k], size[k], text);
            else
                t->state = state_named(text);
        }
        free(data);
        data = NULL;
    }
done:
    free(data);
    return err;
}

static fd_error *read_threads(fd_result *r, fd_trials *out)
{
    fd_error *err = NULL;
    void *data = NULL;
    int64_t n;
    FD_TRY(fd_result_read(r, "/trials/threads", FD_COL_I32, 0, -1, &data, &n));
    if ((size_t)n != out->n)
        FD_THROW(FD_FORMAT, "/trials/threads is not as long as the other columns");
    for (size_t i = 0; i < out->n; i++)
        out->trial[i].threads = ((int32_t *)data)[i];
done:
    free(data);
    return err;
}

fd_error *fd_bench_read_h5(const char *path, fd_trials *out, const char *fact, char **text)
{
    fd_error *err = NULL;
    fd_result *r = NULL;
    char shown[FD_ESCAPED];
    FD_TRY(fd_result_open(path, &r));
    if (!fd_result_has(r, "/trials/suite"))
        FD_THROW(FD_FORMAT, "%s is no result of facesdist-bench: it has no /trials", fd_escape(shown, sizeof shown, path));
    FD_TRY(read_texts(r, out));
    FD_TRY(read_numbers(r, out));
    FD_TRY(read_threads(r, out));
    FD_TRY(fd_result_attribute(r, NULL, fact, text));
done:
    fd_result_close(r);
    return err;
}
