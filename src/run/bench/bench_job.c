#include "run/bench/bench_job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/bench/classify.h"
#include "run/bench/output.h"
#include "run/bench/suite.h"
#include "run/run.h"
#include "run/signals.h"

static const char WHAT[] = "What is measured", OUT[] = "Output", MACHINE[] = "Machine", CLASSES[] = "A network of your own";

static const fd_option options_[] = {
    {"suite", 0, FD_OPT_TEXT, "nets,matmul,invert,motion,conv,decode,distances,io", "NAMES", NULL, 0, 0, FD_AFFECTS_RUN, WHAT,
     "Which suites to run, separated by commas. The ceilings of the machine are always measured first."},
    {"budget", 0, FD_OPT_REAL, "60", "SECONDS", NULL, 0.01, 1e6, FD_AFFECTS_RUN, WHAT,
     "Time for each suite. Points that would not fit are listed as skipped, with the time that was predicted."},
    {"price", 0, FD_OPT_REAL, NULL, "AMOUNT", NULL, 0, 1e9, FD_AFFECTS_RUN, WHAT,
     "What an hour of this machine costs: the page then says what a million images do."},
    {"net", 0, FD_OPT_TEXT, NULL, "FILE.onnx", NULL, 0, 0, FD_AFFECTS_RESULT, CLASSES,
     "Time this network instead of the project's own; with photographs, print what it takes them for."},
    {"labels", 0, FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RESULT, CLASSES,
     "Names of the classes, one a line, the first for class 0."},
    {"topk", 0, FD_OPT_INT, "5", "K", NULL, 1, 1000, FD_AFFECTS_RESULT, CLASSES, "Classes to print for each photograph, the likeliest first."},
    {"mean", 0, FD_OPT_REALS, "123.675,116.28,103.53", "R,G,B", NULL, -1e6, 1e6, FD_AFFECTS_RESULT, CLASSES,
     "Subtracted from samples of 0..255. Default: ImageNet's."},
    {"std", 0, FD_OPT_REALS, "58.395,57.12,57.375", "R,G,B", NULL, 1e-6, 1e6, FD_AFFECTS_RESULT, CLASSES,
     "Then divided by. Default: ImageNet's."},
    {"crop", 0, FD_OPT_REAL, "0.875", "SHARE", NULL, 0.01, 1, FD_AFFECTS_RESULT, CLASSES,
     "Side of the square that is cut from the middle, of the photograph's shorter side."},
    {"output", 'o', FD_OPT_TEXT, "bench.h5", "FILE.h5", NULL, 0, 0, FD_AFFECTS_RUN, OUT,
     "The points as HDF5; beside it the same as .csv, and the page as .html."},
    {"device", 0, FD_OPT_CHOICE, "auto", NULL, "auto|cpu|ref|cuda|cuda:N", 0, 0, FD_AFFECTS_RUN, MACHINE,
     "auto: the processor, and a GPU where one is; cuda: both, and it is an error when there is none."},
    {"cpu-only", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, MACHINE, "Leave a GPU alone."},
    {"isa", 0, FD_OPT_CHOICE, "auto", NULL, "auto|sse41|avx2|avx512", 0, 0, FD_AFFECTS_RUN, MACHINE, "Highest instruction set to use."},
    {"threads", 't', FD_OPT_INT, NULL, "N", NULL, 1, 1024, FD_AFFECTS_RUN, MACHINE,
     "Threads of the processor. Default: the cores that this process may run on."},
};

const fd_program fd_bench_program = {
    .name = "facesdist-bench",
    .summary = "what a machine can do, and whether a GPU is worth it",
    .usage = "facesdist-bench [options] [PHOTOGRAPHS...] [-o bench.h5]\n"
             "facesdist-bench compare A.h5 B.h5\n"
             "facesdist-bench --net FILE.onnx [--labels FILE] [--topk K] PHOTOGRAPHS...",
    .description = "Measures neural networks, matrix products, image operators, decoding, distances and the disk on the processor and on a GPU "
                   "where there is one; first of all the ceilings: "
                   "multiply-adds in registers, and the STREAM triad. What comes out is a table, an HDF5 file, the same as CSV, and one HTML "
                   "page with plots "
                   "for people who never saw this program. Photographs are those that decode measures; by default those that are installed "
                   "with the program.\n\n"
                   "compare prints the points that two results have in common, side by side.\n\n"
                   "With --net and photographs the network's most likely classes are printed for each photograph: its name, rank, class, label "
                   "and probability, separated by tabs. "
                   "Photographs are cut to a square, resampled to the network's input and normalised by --mean and --std.\n\n"
                   "Exit status: 0 done; 1 failed; 2 wrong usage; 75 interrupted: what was measured until then is written.",
    .options = options_,
    .n = sizeof options_ / sizeof *options_,
    .min_positional = 0,
    .max_positional = -1,
};

/* --- what was asked for -------------------------------------------------------------------------------------------------------------- */

enum { SUITES = 16 };

/* Whether each suite is wanted, by its place in the table. */
static fd_error *choose_suites(const fd_options *o, bool wanted[SUITES])
{
    fd_error *err = NULL;
    char *list = NULL, *rest = NULL;
    char shown[FD_ESCAPED];
    FD_TRY(fd_strdup(&list, fd_opt_text(o, "suite")));
    for (char *name = strtok_r(list, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        const char *names[SUITES];
        int n = 0, found = -1;
        for (; fd_suite_at(n); n++) {
            names[n] = fd_suite_at(n)->name;
            found = strcmp(name, names[n]) == 0 ? n : found;
        }
        const int nearest = fd_nearest(name, names, n);
        if (found < 0)
            FD_THROW(FD_USAGE, "--suite: there is no suite '%s'%s%s", fd_escape(shown, sizeof shown, name),
                     nearest < 0 ? "" : "; did you mean ", nearest < 0 ? "" : names[nearest]);
        wanted[found] = true;
    }
done:
    free(list);
    return err;
}

/* "bench.csv" of "bench.h5". */
static fd_error *beside(const char *output, const char *ending, char **out)
{
    fd_error *err = NULL;
    fd_string text = {0};
    const size_t n = strlen(output);
    const int keep = (int)(n > 3 && strcmp(output + n - 3, ".h5") == 0 ? n - 3 : n);
    FD_TRY(fd_string_add(&text, "%.*s%s", keep, output, ending));
    *out = text.text;
    return NULL;
done:
    free(text.text);
    return err;
}

/* --- the run ------------------------------------------------------------------------------------------------------------------------- */

/* An interruption ends the suites; what they measured stays. */
static fd_error *run_suites(fd_session *s, const bool *wanted, bool *interrupted)
{
    fd_error *err = NULL;
    for (int i = 0; fd_suite_at(i) && !*interrupted; i++) {
        const fd_suite *suite = fd_suite_at(i);
        if (i > 0 && !wanted[i])
            continue;
        s->start = fd_now();
        fd_session_clock(s, suite->name, 0);
        fd_error *failed = suite->run(s);
        fd_session_clock(s, suite->name, 1);
        *interrupted = fd_error_code(failed) == FD_INTERRUPTED;
        if (*interrupted)
            fd_error_free(failed);
        else
            FD_TRY(failed);
    }
done:
    return err;
}

static fd_error *write_all(const fd_session *s, const char *started)
{
    fd_error *err = NULL;
    const char *output = fd_opt_text(s->options, "output");
    char *csv = NULL, *page = NULL, shown[3][FD_ESCAPED];
    fd_fact facts[FD_FACTS];
    const int n = fd_facts_of(s, started, facts);
    FD_TRY(beside(output, ".csv", &csv));
    FD_TRY(beside(output, ".html", &page));
    FD_TRY(fd_bench_write_h5(s, facts, n, output));
    FD_TRY(fd_bench_write_csv(s, csv));
    FD_TRY(fd_bench_write_page(s, facts, n, page));
    FD_TRY(fd_bench_print(s));
    fd_say(FD_NORMAL, "%s, %s, %s", fd_escape(shown[0], FD_ESCAPED, output), fd_escape(shown[1], FD_ESCAPED, csv),
           fd_escape(shown[2], FD_ESCAPED, page));
done:
    free(csv);
    free(page);
    return err;
}

static fd_error *run(const fd_options *o, const bool *wanted, int *exit_code)
{
    fd_error *err = NULL;
    fd_session s = {0};
    char started[21];
    bool interrupted = false;
    double least, most;
    fd_utc(started);
    fd_signals_catch();
    FD_TRY(fd_session_open(&s, o));
    FD_TRY(run_suites(&s, wanted, &interrupted));
    *exit_code = interrupted ? FD_EXIT_INTERRUPTED : FD_EXIT_OK;
    if (s.trials.n == 0)
        FD_THROW(FD_INTERRUPTED, "interrupted before anything was measured");
    FD_TRY(write_all(&s, started));
    if (!fd_facts_steady(&s, &least, &most))
        fd_warn("one core reached between %.3g and %.3g billion operations a second in the same loop: it was throttled, or had other work; "
                "load %.3g",
                least * 1e-9, most * 1e-9, s.clock[s.clocks - 1].load);
    if (interrupted)
        fd_say(FD_NORMAL, "interrupted: what was measured until then is written");
done:
    fd_session_close(&s);
    return err;
}

fd_error *fd_run_bench(fd_options *o, int *exit_code)
{
    fd_error *err = NULL;
    bool wanted[SUITES] = {false};
    const bool compare = fd_positionals(o) > 0 && strcmp(fd_positional(o, 0), "compare") == 0;
    if (compare && fd_positionals(o) != 3)
        FD_THROW(FD_USAGE, "compare wants two results");
    if (compare)
        return fd_bench_compare(fd_positional(o, 1), fd_positional(o, 2), exit_code);
    if (fd_opt_set(o, "net") && fd_positionals(o) > 0)
        FD_TRY(fd_classify(o));
    if (!fd_opt_set(o, "net") || fd_positionals(o) == 0 || fd_opt_given(o, "suite")) {
        FD_TRY(choose_suites(o, wanted));
        FD_TRY(run(o, wanted, exit_code));
    }
done:
    return err;
}
