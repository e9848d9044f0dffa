#include "run/compare/compare.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "run/apart.h"
#include "run/compare/compare_faces.h"
#include "run/run.h"
#include "run/text_table.h"
#include "store/differ.h"

static const char BARS[] = "Bars of --tolerance";

static const fd_option options_[] = {
    {.name = "tolerance", .type = FD_OPT_FLAG, .effect = FD_AFFECTS_RUN, .group = "What is compared",
     .help = "Match faces and measure how far they are apart, instead of comparing bytes. Implied where a file has no /run, for then it is "
             "another program's; --no-tolerance compares bytes all the same."},
    {.name = "list", .type = FD_OPT_INT, .fallback = "10", .metavar = "N", .low = 0, .high = 1e9, .effect = FD_AFFECTS_RUN,
     .group = "What is compared", .help = "Most images to list by name under each heading."},
    {.name = "iou", .type = FD_OPT_REAL, .fallback = "0.95", .metavar = "R", .low = 0, .high = 1, .effect = FD_AFFECTS_RUN, .group = BARS,
     .help = "Least intersection over union of two boxes that are the same face."},
    {.name = "match", .type = FD_OPT_REAL, .fallback = "99.8", .metavar = "PERCENT", .low = 0, .high = 100, .effect = FD_AFFECTS_RUN, .group = BARS,
     .help = "Least share of the second file's faces that must be found in the first."},
    {.name = "extra", .type = FD_OPT_REAL, .fallback = "0.2", .metavar = "PERCENT", .low = 0, .high = 1e9, .effect = FD_AFFECTS_RUN, .group = BARS,
     .help = "Most faces of the first file without a partner, in percent of the second's."},
    {.name = "px-median", .type = FD_OPT_REAL, .fallback = "0.01", .metavar = "PIXELS", .low = 0, .high = 1e9, .effect = FD_AFFECTS_RUN, .group = BARS,
     .help = "Most that boxes and landmarks may be off in the median (a face counts by its worst coordinate)."},
    {.name = "px-p99", .type = FD_OPT_REAL, .fallback = "0.5", .metavar = "PIXELS", .low = 0, .high = 1e9, .effect = FD_AFFECTS_RUN, .group = BARS,
     .help = "The same at the 99th percentile."},
    {.name = "cos-median", .type = FD_OPT_REAL, .fallback = "0.99999", .metavar = "R", .low = -1, .high = 1, .effect = FD_AFFECTS_RUN, .group = BARS,
     .help = "Least cosine between embeddings of a face in the median."},
    {.name = "cos-p01", .type = FD_OPT_REAL, .fallback = "0.9995", .metavar = "R", .low = -1, .high = 1, .effect = FD_AFFECTS_RUN, .group = BARS,
     .help = "The same at the 1st percentile."},
};

const fd_program fd_compare_program = {
    .name = "facesdist-compare",
    .summary = "compare two results of facesdist",
    .usage = "facesdist-compare [options] RESULT REFERENCE",
    .description = "Every dataset and attribute outside /run is compared bit for bit, and a table of what differs is printed. With --tolerance, images "
                   "are matched by path and faces by the overlap of their boxes, and a table shows what was measured beside the bar it must meet; "
                   "images that only one file has are counted, listed and left out.\n\n"
                   "Exit code: 0 equal, or within the bars; 1 not; 2 wrong usage or a file that cannot be read.",
    .options = options_,
    .n = sizeof options_ / sizeof *options_,
    .min_positional = 2,
    .max_positional = 2,
};

static fd_error *add_difference(void *self, const fd_difference *d)
{
    fd_error *err = NULL;
    fd_text_table *t = self;
    char path[FD_ESCAPED];   /* a file of others may name its datasets as it likes */
    FD_TRY(fd_text_cell(t, "%s", fd_escape(path, sizeof path, d->path)));
    FD_TRY(fd_text_cell(t, "%s", d->what));
    FD_TRY(d->elements < 0 ? fd_text_cell(t, "%s", "") : fd_text_cell(t, "%lld", (long long)d->elements));
    FD_TRY(fd_text_cell(t, "%s", d->detail));
    FD_TRY(isnan(d->largest) ? fd_text_cell(t, "%s", "") : fd_text_cell(t, "%.6g", d->largest));
done:
    return err;
}

static fd_error *compare_bytes(fd_result *a, fd_result *b, bool *equal)
{
    fd_error *err = NULL;
    fd_text_table t = {.columns = 5, .right = 1 << 2 | 1 << 4};
    fd_differ_sum sum;
    char bytes[16];
    static const char *const heading[] = {"path", "what differs", "elements", "first, or the two", "largest difference"};
    for (int i = 0; i < t.columns; i++)
        FD_TRY(fd_text_cell(&t, "%s", heading[i]));
    FD_TRY(fd_result_differ(a, b, add_difference, &t, &sum));
    *equal = sum.differences == 0;
    if (!*equal)
        fd_text_table_print(&t, stdout);
    printf("%s: %lld datasets and %lld attributes outside /run, %s compared, %lld differences\n", *equal ? "equal" : "different", (long long)sum.datasets,
           (long long)sum.attributes, fd_bytes_text(bytes, (double)sum.bytes), (long long)sum.differences);
done:
    fd_text_table_free(&t);
    return err;
}

/* Bytes, unless a file is another program's or the user says otherwise. */
static bool with_tolerance(const fd_options *o, fd_result *a, fd_result *b)
{
    if (fd_opt_given(o, "tolerance"))
        return fd_opt_flag(o, "tolerance");
    return !fd_result_has(a, "/run") || !fd_result_has(b, "/run");
}

static fd_error *compare(const fd_options *o, bool *equal)
{
    fd_error *err = NULL;
    fd_result *a = NULL, *b = NULL;
    const char *const name[2] = {fd_positional(o, 0), fd_positional(o, 1)};
    FD_TRY(fd_result_open(name[0], &a));
    FD_TRY(fd_result_open(name[1], &b));
    if (with_tolerance(o, a, b))
        FD_TRY(fd_compare_faces(o, a, b, name, equal));
    else
        FD_TRY(compare_bytes(a, b, equal));
done:
    fd_result_close(a);
    fd_result_close(b);
    return err;
}

/* Compares and reports: the exit code. */
static int compare_and_report(void *self)
{
    const fd_options *o = self;
    bool equal = false;
    fd_error *err = compare(o, &equal);
    int exit_code = err ? FD_EXIT_USAGE : equal ? FD_EXIT_OK : FD_EXIT_FAILED;
    if (err)   /* a file that cannot be read is neither equal nor different */
        fd_report(fd_compare_program.name, err);
    fd_error_free(err);
    return exit_code;
}

fd_error *fd_run_compare(fd_options *options, int *exit_code)
{
    fd_error *err = fd_apart((const char *const[2]){fd_positional(options, 0), fd_positional(options, 1)}, compare_and_report, options, exit_code);
    if (fd_error_code(err) != FD_FORMAT)
        return err;
    fd_report(fd_compare_program.name, err);
    fd_error_free(err);
    *exit_code = FD_EXIT_USAGE;
    return NULL;
}
