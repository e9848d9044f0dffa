/* The points as text: CSV as RFC 4180 has it, and a table for the terminal. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "run/bench/output.h"
#include "run/bench/suite.h"
#include "run/text_table.h"

const fd_ceiling *fd_bench_ceiling(const fd_session *s, const fd_trial *t)
{
    if (s->places > 1 && strcmp(t->device, s->place[1].name) == 0)
        return &s->gpu;
    return t->threads > 1 ? &s->all : &s->one;
}

/* Roofline (Williams, Waterman, Patterson 2009): the lesser of the arithmetic's ceiling and of what memory feeds. */
double fd_bench_share(const fd_session *s, const fd_trial *t)
{
    const fd_ceiling *c = fd_bench_ceiling(s, t);
    return fmax(t->operations / c->operations, t->bytes / c->bytes) / t->median; /* fmax passes over NAN */
}

char *fd_bench_rate_text(const struct fd_suite *suite, const fd_trial *t, char out[48])
{
    const bool operations = suite->rate == FD_RATE_OPERATIONS && isfinite(t->operations);
    const bool bytes = !operations && (suite->rate != FD_RATE_ITEMS || !isfinite(t->items)) && isfinite(t->bytes);
    const double rate = fd_trial_rate(t, operations ? t->operations : bytes ? t->bytes : t->items);
    out[0] = 0;
    if (!isfinite(rate))
        return out;
    if (operations || bytes)
        snprintf(out, 48, "%.4g %s/s", rate * 1e-9, operations ? "Gop" : "GB");
    else if (rate >= 1e6)
        snprintf(out, 48, "%.4g M %s/s", rate * 1e-6, suite->item);
    else
        snprintf(out, 48, "%.4g %s/s", rate, suite->item);
    return out;
}

/* --- CSV ----------------------------------------------------------------------------------------------------------------------------- */

static fd_error *add_text(fd_string *out, const char *text)
{
    fd_error *err = NULL;
    if (!text[strcspn(text, ",\"\r\n")])
        return fd_string_add(out, "%s,", text);
    FD_TRY(fd_string_add(out, "\""));
    for (const char *p = text; *p; p++)
        FD_TRY(fd_string_add(out, *p == '"' ? "\"%c" : "%c", *p));
    FD_TRY(fd_string_add(out, "\","));
done:
    return err;
}

static fd_error *add_number(fd_string *out, double value)
{
    return isfinite(value) ? fd_string_add(out, "%.9g,", value) : fd_string_add(out, ",");
}

static fd_error *add_line(fd_string *out, const fd_session *s, const fd_trial *t)
{
    fd_error *err = NULL;
    const fd_suite *suite = fd_suite_named(t->suite);
    const double share = t->state == FD_TRIAL_MEASURED ? fd_bench_share(s, t) : NAN;
    FD_TRY(add_text(out, t->suite));
    FD_TRY(add_text(out, t->series));
    FD_TRY(add_text(out, t->device));
    FD_TRY(fd_string_add(out, "%d,", t->threads));
    FD_TRY(add_number(out, t->size));
    FD_TRY(add_text(out, suite->size));
    FD_TRY(add_text(out, fd_trial_state_name(t->state)));
    FD_TRY(fd_string_add(out, "%lld,", (long long)t->runs));
    const double numbers[] = {t->least,
                              t->median,
                              t->most,
                              t->predicted,
                              t->first,
                              t->upload,
                              t->download,
                              t->operations,
                              t->bytes,
                              fd_trial_rate(t, t->operations),
                              fd_trial_rate(t, t->bytes),
                              share,
                              t->items,
                              fd_trial_rate(t, t->items)};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        FD_TRY(add_number(out, numbers[i]));
    FD_TRY(add_text(out, suite->item));
    FD_TRY(add_text(out, t->note));
    out->text[--out->length] = 0; /* no comma at the end */
    FD_TRY(fd_string_add(out, "\r\n"));
done:
    return err;
}

fd_error *fd_bench_write_csv(const fd_session *s, const char *path)
{
    fd_error *err = NULL;
    fd_string text = {0};
    FD_TRY(fd_string_add(
        &text, "suite,series,device,threads,size,size_counts,state,samples,min_s,median_s,max_s,predicted_s,first_call_s,upload_s,download_s,"
               "operations,bytes,operations_per_s,bytes_per_s,share_of_ceiling,items,items_per_s,item,note\r\n"));
    for (size_t i = 0; i < s->trials.n; i++)
        FD_TRY(add_line(&text, s, &s->trials.trial[i]));
    FD_TRY(fd_file_replace(path, text.text, text.length));
done:
    free(text.text);
    return err;
}

/* --- the terminal -------------------------------------------------------------------------------------------------------------------- */

static fd_error *add_row(fd_text_table *table, const fd_session *s, const fd_trial *t)
{
    fd_error *err = NULL;
    char rate[48];
    const bool measured = t->state == FD_TRIAL_MEASURED;
    const double share = fd_bench_share(s, t);
    FD_TRY(fd_text_cell(table, "%s", t->suite));
    FD_TRY(fd_text_cell(table, "%s", t->series));
    FD_TRY(fd_text_cell(table, "%s", t->device));
    FD_TRY(fd_text_cell(table, "%d", t->threads));
    FD_TRY(fd_text_cell(table, "%.6g", t->size));
    if (measured)
        FD_TRY(fd_text_cell(table, "%.4g", t->median * 1e3));
    else
        FD_TRY(fd_text_cell(table, "%s", fd_trial_state_name(t->state)));
    FD_TRY(fd_text_cell(table, "%s", fd_bench_rate_text(fd_suite_named(t->suite), t, rate)));
    if (measured && isfinite(share) && strcmp(t->suite, fd_suite_at(0)->name) != 0)
        FD_TRY(fd_text_cell(table, "%.0f %%", 100 * share));
    else
        FD_TRY(fd_text_cell(table, "%s", measured ? "" : t->note));
done:
    return err;
}

/* Of the points of a curve that did not fit, the first one is shown: the others are larger. */
static bool is_shown(const fd_session *s, size_t which)
{
    const fd_trial *t = &s->trials.trial[which];
    for (size_t i = 0; t->state == FD_TRIAL_SKIPPED && i < which; i++) {
        const fd_trial *o = &s->trials.trial[i];
        if (o->state == t->state && o->threads == t->threads && strcmp(o->suite, t->suite) == 0 && strcmp(o->series, t->series) == 0 &&
            strcmp(o->device, t->device) == 0)
            return false;
    }
    return true;
}

fd_error *fd_bench_print(const fd_session *s)
{
    fd_error *err = NULL;
    static const char *const heading[] = {"suite", "what", "device", "threads", "size", "median ms", "rate", "of the ceiling"};
    fd_text_table table = {.columns = 8, .right = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6};
    for (int i = 0; i < 8; i++)
        FD_TRY(fd_text_cell(&table, "%s", heading[i]));
    for (size_t i = 0; i < s->trials.n; i++)
        if (is_shown(s, i))
            FD_TRY(add_row(&table, s, &s->trials.trial[i]));
    fd_text_table_print(&table, stdout);
    if (fflush(stdout) != 0 || ferror(stdout))
        FD_THROW(FD_IO, "cannot write to standard output");
done:
    fd_text_table_free(&table);
    return err;
}
