/* The page: what was measured on which machine, for a reader who never saw the program. */
#include "run/bench/bench_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/version.h"

static bool has_trials(const fd_session *s, const fd_suite *suite)
{
    for (size_t i = 0; i < s->trials.n; i++)
        if (strcmp(s->trials.trial[i].suite, suite->name) == 0)
            return true;
    return false;
}

/* --- head ---------------------------------------------------------------------------------------------------------------------------- */

static fd_error *add_tile(fd_page *p, const char *value, const char *what)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->html, "<div class=\"tile\"><b>"));
    FD_TRY(fd_page_text(p, value));
    FD_TRY(fd_string_add(&p->html, "</b><span>%s</span></div>\n", what));
done:
    return err;
}

/* The best rate of a suite, by its own measure. */
static fd_error *add_best(fd_page *p, const fd_session *s, const char *name, const char *what)
{
    const fd_suite *suite = fd_suite_named(name);
    const fd_trial *best = NULL;
    char rate[48];
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i];
        const bool mine = t->state == FD_TRIAL_MEASURED && strcmp(t->suite, name) == 0;
        if (mine && suite->rate == FD_RATE_OPERATIONS && (!best || t->operations / t->median > best->operations / best->median))
            best = t;
        if (mine && suite->rate != FD_RATE_OPERATIONS && (!best || t->items / t->median > best->items / best->median))
            best = t;
    }
    return best ? add_tile(p, fd_bench_rate_text(suite, best, rate), what) : NULL;
}

static fd_error *add_tiles(fd_page *p, const fd_session *s)
{
    fd_error *err = NULL;
    char text[48];
    FD_TRY(fd_string_add(&p->html, "<div class=\"tiles\">\n"));
    if (isfinite(s->all.operations)) {
        snprintf(text, sizeof text, "%.4g Gop/s", s->all.operations * 1e-9);
        FD_TRY(add_tile(p, text, "ceiling of arithmetic, processor"));
        snprintf(text, sizeof text, "%.3g GB/s", s->all.bytes * 1e-9);
        FD_TRY(add_tile(p, text, "ceiling of memory, processor"));
    }
    FD_TRY(add_best(p, s, "nets", "most images of a network"));
    FD_TRY(add_best(p, s, "matmul", "fastest matrix product"));
    FD_TRY(add_best(p, s, "decode", "photographs decoded"));
    FD_TRY(add_best(p, s, "distances", "distances"));
    FD_TRY(fd_string_add(&p->html, "</div>\n"));
done:
    return err;
}

static fd_error *add_head(fd_page *p, const fd_session *s, const fd_fact *facts, int n)
{
    fd_error *err = NULL;
    FD_TRY(fd_page_open(p, "facesdist-bench"));
    FD_TRY(fd_string_add(&p->html, "<header>\n<h1>What this machine can do</h1>\n<p class=\"note\">"));
    for (int i = 0; i < n; i++)
        if (strcmp(facts[i].name, "host") == 0 || strcmp(facts[i].name, "processor") == 0 || strcmp(facts[i].name, "started") == 0) {
            FD_TRY(fd_page_text(p, facts[i].text));
            FD_TRY(fd_string_add(&p->html, strcmp(facts[i].name, "started") ? "; " : ""));
        }
    FD_TRY(fd_string_add(&p->html, "</p>\n"));
    FD_TRY(add_tiles(p, s));
    FD_TRY(fd_string_add(&p->html, "<nav><a href=\"#how\">How to read this page</a><a href=\"#roofline\">Roofline</a>"));
    for (int i = 0; fd_suite_at(i); i++)
        if (has_trials(s, fd_suite_at(i)))
            FD_TRY(fd_string_add(&p->html, "<a href=\"#%s\">%s</a>", fd_suite_at(i)->name, fd_suite_at(i)->title));
    FD_TRY(fd_string_add(&p->html, "<a href=\"#machine\">The machine</a></nav>\n</header>\n"));
done:
    return err;
}

static fd_error *add_how(fd_page *p, const fd_session *s)
{
    fd_error *err = NULL;
    FD_TRY(fd_page_section(p, "how", "How to read this page"));
    FD_TRY(fd_page_say(p, "",
                       "facesdist computes on photographs: it decodes them, runs neural networks on them, and compares what comes out. This "
                       "page shows how fast this "
                       "machine does each of these things, on its processor and, where it has one, on its GPU; and what the best is that the "
                       "machine could do, so that one sees "
                       "whether a slow number is the program's fault or the machine's nature."));
    FD_TRY(fd_page_say(p, "",
                       "Times are medians of several runs after a warm-up, by the clock on the wall. Gop/s are billions of arithmetic "
                       "operations per second; a multiply-add "
                       "counts two. \"Of the ceiling\" is the share of what the roofline allows. Axes go by powers of ten: the same distance "
                       "is the same factor "
                       "everywhere. Rest the pointer on a dot for its numbers. Before each point its time was predicted; one that did not fit "
                       "the budget of its suite "
                       "is in the table as skipped, with the prediction."));
    if (s->places > 1)
        FD_TRY(fd_page_say(p, "",
                           "A GPU has memory of its own. Its times come in four columns: the first call, which also loads what is needed; the "
                           "upload; the computation; the "
                           "download. Which of them counts depends on whether the data are there already."));
    else
        FD_TRY(fd_page_say(p, "", "No GPU was measured%s%s. Where one is, this page also shows from which size on it is faster.",
                           s->no_gpu[0] ? ": " : "", s->no_gpu));
    for (int i = 0; i < s->places; i++)
        if (strcmp(s->place[i].name, "emulator") == 0)
            FD_TRY(
                fd_page_say(p, "set", "The GPU here is emulated on the processor, to test the program: its times say nothing about any GPU."));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}

static fd_error *add_roofline(fd_page *p, const fd_session *s)
{
    fd_error *err = NULL;
    FD_TRY(fd_page_section(p, "roofline", "Roofline"));
    FD_TRY(fd_page_say(
        p, "",
        "Two things can hold a computation up: fetching numbers and computing with them. To the right lie computations that do much with each "
        "byte, to the left those "
        "that do little. The slanted line is what memory feeds, the flat one what the arithmetic units do; no point can lie above both (unless "
        "its data fit a cache: "
        "then memory is not asked). A point far below the roof has something else in its way. Suites that count no arithmetic (decode, io) are "
        "drawn at the left end, where their height shows their share of the memory's rate."));
    for (int i = 0; i < s->places; i++) {
        FD_TRY(fd_bench_roofline(p, s, &s->place[i], s->place[i].threads));
        if (s->place[i].threads > 1)
            FD_TRY(fd_bench_roofline(p, s, &s->place[i], 1));
    }
    if (s->places > 1)
        FD_TRY(
            fd_page_say(p, "note", "A GPU's flat line is what its ordinary units do in float32; tensor cores (in 16 bits) may lie above it."));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}

/* --- suites -------------------------------------------------------------------------------------------------------------------------- */

static void number(char out[32], double value, double scale)
{
    snprintf(out, 32, "%.4g", value * scale);
    if (!isfinite(value))
        out[0] = 0;
}

static fd_error *add_row(fd_page *p, const fd_session *s, const fd_suite *suite, const fd_trial *t)
{
    char cell[8][32], rate[48], share[32] = "", result[64], note[160];
    const bool measured = t->state == FD_TRIAL_MEASURED;
    const char *cells[14];
    int n = 0;
    snprintf(cell[0], sizeof cell[0], "%d", t->threads);
    number(cell[1], t->size, 1);
    number(cell[2], t->predicted, 1e3);
    snprintf(result, sizeof result, "%s", fd_trial_state_name(t->state));
    if (measured)
        snprintf(result, sizeof result, "%.4g (%.4g to %.4g)", t->median * 1e3, t->least * 1e3, t->most * 1e3);
    snprintf(cell[3], sizeof cell[3], "%lld", (long long)t->runs);
    if (measured && isfinite(fd_bench_share(s, t)))
        snprintf(share, sizeof share, "%.0f %%", 100 * fd_bench_share(s, t));
    snprintf(note, sizeof note, "%s", t->note);
    number(cell[4], t->first, 1e3);
    number(cell[5], t->upload, 1e3);
    number(cell[6], t->download, 1e3);
    cells[n++] = t->series, cells[n++] = t->device, cells[n++] = cell[0], cells[n++] = cell[1], cells[n++] = cell[2], cells[n++] = cell[4];
    if (s->places > 1)
        cells[n++] = cell[5];
    cells[n++] = result;
    if (s->places > 1)
        cells[n++] = cell[6];
    cells[n++] = cell[3], cells[n++] = fd_bench_rate_text(suite, t, rate), cells[n++] = share, cells[n++] = note;
    return fd_page_row(p, "td", cells, n);
}

static fd_error *add_table(fd_page *p, const fd_session *s, const fd_suite *suite)
{
    fd_error *err = NULL;
    const char *heading[14];
    int n = 0;
    heading[n++] = "what", heading[n++] = "device", heading[n++] = "threads", heading[n++] = suite->size, heading[n++] = "predicted ms",
    heading[n++] = "first call ms";
    if (s->places > 1)
        heading[n++] = "upload ms";
    heading[n++] = "median ms (min to max)";
    if (s->places > 1)
        heading[n++] = "download ms";
    heading[n++] = "samples", heading[n++] = "rate", heading[n++] = "of the ceiling", heading[n++] = "remarks";
    FD_TRY(fd_string_add(&p->html, "<details><summary>All points of this suite</summary>\n<div class=\"scroll\"><table class=\"numbers\">\n"));
    FD_TRY(fd_page_row(p, "th", heading, n));
    for (size_t i = 0; i < s->trials.n; i++)
        if (strcmp(s->trials.trial[i].suite, suite->name) == 0)
            FD_TRY(add_row(p, s, suite, &s->trials.trial[i]));
    FD_TRY(fd_string_add(&p->html, "</table></div></details>\n"));
done:
    return err;
}

/* What a million images cost where the machine has a price, by each network's best batch. */
static fd_error *add_cost(fd_page *p, const fd_session *s)
{
    fd_error *err = NULL;
    const double price = fd_opt_set(s->options, "price") ? fd_opt_real(s->options, "price") : NAN;
    char cost[64];
    if (!isfinite(price))
        return NULL;
    FD_TRY(fd_page_say(p, "", "At %g an hour for this machine, a million images cost:", price));
    FD_TRY(fd_string_add(&p->html, "<table class=\"numbers\">\n"));
    FD_TRY(fd_page_row(p, "th", (const char *const[]){"network", "device", "batch", "cost"}, 4));
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i];
        bool best = t->state == FD_TRIAL_MEASURED && strcmp(t->suite, "nets") == 0;
        for (size_t k = 0; best && k < s->trials.n; k++) {
            const fd_trial *o = &s->trials.trial[k];
            if (o->state == FD_TRIAL_MEASURED && strcmp(o->series, t->series) == 0 && strcmp(o->device, t->device) == 0 &&
                o->items / o->median > t->items / t->median)
                best = false;
        }
        if (!best)
            continue;
        char batch[32];
        snprintf(batch, sizeof batch, "%g", t->size);
        snprintf(cost, sizeof cost, "%.3g", price / 3600 * 1e6 / (t->items / t->median));
        FD_TRY(fd_page_row(p, "td", (const char *const[]){t->series, t->device, batch, cost}, 4));
    }
    FD_TRY(fd_string_add(&p->html, "</table>\n"));
done:
    return err;
}

static fd_error *add_suite(fd_page *p, const fd_session *s, const fd_suite *suite)
{
    fd_error *err = NULL;
    int missing = 0;
    for (size_t i = 0; i < s->trials.n; i++)
        missing += strcmp(s->trials.trial[i].suite, suite->name) == 0 && s->trials.trial[i].state != FD_TRIAL_MEASURED;
    FD_TRY(fd_page_section(p, suite->name, suite->title));
    FD_TRY(fd_page_say(p, "", "%s", suite->text));
    for (int i = 0; i < s->places; i++) {
        FD_TRY(fd_bench_curves(p, s, suite, s->place[i].name, false));
        if (strcmp(suite->size, "threads") != 0)
            FD_TRY(fd_bench_curves(p, s, suite, s->place[i].name, true));
    }
    if (suite != fd_suite_at(0)) /* ceilings are not raced */
        FD_TRY(fd_bench_ratio(p, s, suite));
    if (strcmp(suite->name, "nets") == 0)
        FD_TRY(add_cost(p, s));
    if (missing)
        FD_TRY(fd_page_say(p, "note", "Points that were not measured: %d; the table says why.", missing));
    FD_TRY(add_table(p, s, suite));
    if (strcmp(suite->name, "matmul") == 0)
        FD_TRY(fd_bench_lessons(p, s));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}

/* --- the machine --------------------------------------------------------------------------------------------------------------------- */

static fd_error *add_clocks(fd_page *p, const fd_session *s)
{
    fd_error *err = NULL;
    static const char *const heading[12] = {"suite",       "Gop/s before",   "after", "MHz before",   "after", "load at the end",
                                            "processor J", "GPU MHz before", "after", "GPU C before", "after", "GPU held down by"};
    FD_TRY(fd_string_add(&p->html, "<h3>Clock and load</h3>\n"));
    FD_TRY(fd_page_say(p, "",
                       "Before and after each suite one core ran the same loop of multiply-adds in registers. Where its rate fell, the "
                       "processor was throttled by heat or power, or "
                       "had other work; MHz are the kernel's, where it tells them. The load is the number of processes that wanted a core: "
                       "above the number of threads used, others "
                       "disturbed this run. J are what the processors took during the suite, idle cores and other programs included, where the "
                       "kernel tells (RAPL)."));
    FD_TRY(fd_string_add(&p->html, "<table class=\"numbers\">\n"));
    FD_TRY(fd_page_row(p, "th", heading, s->places > 1 ? 12 : 7));
    for (int i = 0; i < s->clocks; i++) {
        const fd_clock *c = &s->clock[i];
        char cell[10][32];
        const double values[10] = {c->peak[0] * 1e-9, c->peak[1] * 1e-9, c->mhz[0],     c->mhz[1],         c->load,
                                   c->joules,         c->gpu[0].mhz,     c->gpu[1].mhz, c->gpu[0].celsius, c->gpu[1].celsius};
        const char *cells[12] = {c->suite};
        for (int k = 0; k < 10; k++) {
            number(cell[k], values[k], 1);
            cells[k + 1] = cell[k];
        }
        cells[11] = c->gpu[1].held;
        FD_TRY(fd_page_row(p, "td", cells, s->places > 1 ? 12 : 7));
    }
    FD_TRY(fd_string_add(&p->html, "</table>\n"));
done:
    return err;
}

static fd_error *add_machine(fd_page *p, const fd_session *s, const fd_fact *facts, int n)
{
    fd_error *err = NULL;
    FD_TRY(fd_page_section(p, "machine", "The machine"));
    FD_TRY(fd_string_add(&p->html, "<table>\n"));
    for (int i = 0; i < n; i++)
        FD_TRY(fd_page_row(p, "td", (const char *const[]){facts[i].name, facts[i].text}, 2));
    FD_TRY(fd_string_add(&p->html, "</table>\n"));
    FD_TRY(add_clocks(p, s));
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}

fd_error *fd_bench_write_page(const fd_session *s, const fd_fact *facts, int n, const char *path)
{
    fd_error *err = NULL;
    fd_page p = {.html = {0}};
    FD_TRY(add_head(&p, s, facts, n));
    FD_TRY(add_how(&p, s));
    FD_TRY(add_roofline(&p, s));
    for (int i = 0; fd_suite_at(i); i++)
        if (has_trials(s, fd_suite_at(i)))
            FD_TRY(add_suite(&p, s, fd_suite_at(i)));
    FD_TRY(add_machine(&p, s, facts, n));
    FD_TRY(fd_string_add(&p.html, "<footer>Made by facesdist-bench %s; this page loads nothing and runs nothing.</footer>\n</body>\n</html>\n",
                         fd_version()));
    FD_TRY(fd_file_replace(path, p.html.text, p.html.length));
done:
    free(p.html.text);
    return err;
}
