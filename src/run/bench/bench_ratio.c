/* Is a GPU worth it? For each curve: from which size on it is faster, and by how much. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/bench/bench_page.h"

/* What of the GPU's time is counted. */
typedef enum count { COMPUTE, WITH_TRANSFERS, WITH_FIRST_CALL, COUNTS } count;

static double gpu_seconds(const fd_trial *t, count what)
{
    return what == COMPUTE ? t->median : what == WITH_TRANSFERS ? t->median + t->upload + t->download : t->first + t->upload + t->download;
}

/* One curve, measured on both. Items of a call may differ (a processor computes one for each of its threads): the processor's time is scaled to
 * as many. */
typedef struct pairing {
    double size[64], processor[64];
    const fd_trial *gpu[64];
    int n;
} pairing;

static void add_pair(pairing *p, const fd_session *s, const fd_trial *gpu)
{
    const fd_trial *best = NULL;
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i];
        if (t->state == FD_TRIAL_MEASURED && t->threads == s->threads && strcmp(t->device, s->place[0].name) == 0 &&
            strcmp(t->suite, gpu->suite) == 0 && strcmp(t->series, gpu->series) == 0 && t->size == gpu->size)
            best = t;
    }
    if (!best || p->n == 64)
        return;
    p->size[p->n] = gpu->size;
    p->processor[p->n] = best->median * gpu->items / best->items;
    p->gpu[p->n++] = gpu;
}

static void collect(pairing *p, const fd_session *s, const char *suite, const char *series)
{
    p->n = 0;
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i];
        if (t->state == FD_TRIAL_MEASURED && strcmp(t->device, s->place[1].name) == 0 && strcmp(t->suite, suite) == 0 &&
            strcmp(t->series, series) == 0)
            add_pair(p, s, t);
    }
}

/* From which size on the GPU is faster, at that size and at all larger ones: interpolated between two sizes by the logarithms of size and
 * ratio. */
static void break_even(const pairing *p, count what, char out[48])
{
    int first = p->n;
    while (first > 0 && gpu_seconds(p->gpu[first - 1], what) < p->processor[first - 1])
        first--;
    if (first == p->n)
        snprintf(out, 48, "not up to %g", p->size[p->n - 1]);
    else if (first == 0)
        snprintf(out, 48, "at %g already", p->size[0]);
    else {
        const double below = log(p->processor[first - 1] / gpu_seconds(p->gpu[first - 1], what)),
                     above = log(p->processor[first] / gpu_seconds(p->gpu[first], what));
        const double part = -below / (above - below);
        snprintf(out, 48, "from %.3g on", p->size[first - 1] * pow(p->size[first] / p->size[first - 1], part));
    }
}

static fd_error *add_rows(fd_page *page, const fd_session *s, const fd_suite *suite, const char *const *series, int n)
{
    fd_error *err = NULL;
    static const char *const heading[] = {"curve", "compute alone", "with upload and download", "with the first call"};
    char even[COUNTS][48];
    FD_TRY(fd_string_add(&page->html, "<table class=\"numbers\">\n"));
    FD_TRY(fd_page_row(page, "th", heading, 4));
    for (int k = 0; k < n; k++) {
        pairing p;
        collect(&p, s, suite->name, series[k]);
        for (int c = 0; c < COUNTS; c++)
            break_even(&p, (count)c, even[c]);
        FD_TRY(fd_page_row(page, "td", (const char *const[]){series[k], even[0], even[1], even[2]}, 4));
    }
    FD_TRY(fd_string_add(&page->html, "</table>\n"));
done:
    return err;
}

static fd_error *draw(fd_svg *svg, const fd_session *s, const fd_suite *suite, const char *const *series, int n)
{
    fd_error *err = NULL;
    for (int k = 0; k < n; k++) {
        pairing p;
        fd_point point[64];
        collect(&p, s, suite->name, series[k]);
        for (int i = 0; i < p.n; i++)
            point[i] = (fd_point){p.size[i], p.processor[i] / gpu_seconds(p.gpu[i], WITH_TRANSFERS)};
        FD_TRY(fd_svg_curve(svg, k, point, p.n, false));
        for (int i = 0; i < p.n; i++)
            FD_TRY(fd_svg_dot(svg, k, point[i], 3, series[k]));
    }
    FD_TRY(fd_svg_curve(svg, FD_SVG_SERIES - 1, (const fd_point[]){{svg->x.low, 1}, {svg->x.high, 1}}, 2, false));
done:
    return err;
}

static fd_error *picture(fd_page *page, const fd_session *s, const fd_suite *suite, const char *const *series, int n)
{
    fd_error *err = NULL;
    fd_svg svg = {.width = 760, .height = 440, .left = 80, .top = 80, .wide = 650, .high = 300};
    double least[2] = {INFINITY, 0.5}, most[2] = {0, 2};
    for (int k = 0; k < n; k++) {
        pairing p;
        collect(&p, s, suite->name, series[k]);
        for (int i = 0; i < p.n; i++) {
            const double ratio = p.processor[i] / gpu_seconds(p.gpu[i], WITH_TRANSFERS);
            least[0] = fmin(least[0], p.size[i]), most[0] = fmax(most[0], p.size[i]);
            least[1] = fmin(least[1], ratio), most[1] = fmax(most[1], ratio);
        }
    }
    svg.x = fd_bench_decades(least[0], most[0], suite->size);
    svg.y = fd_bench_decades(least[1], most[1], "processor's time / GPU's, with transfers");
    FD_TRY(fd_svg_open(&svg, "Processor against GPU", false));
    FD_TRY(fd_svg_words(&svg, svg.left, 20, "start", "strong", "How many times as fast the GPU is (above 1: faster)"));
    FD_TRY(fd_svg_legend(&svg, svg.left, 44, series, n));
    FD_TRY(fd_svg_axes(&svg));
    FD_TRY(draw(&svg, s, suite, series, n));
    FD_TRY(fd_page_picture(page, &svg));
done:
    free(svg.text.text);
    return err;
}

fd_error *fd_bench_ratio(fd_page *page, const fd_session *s, const fd_suite *suite)
{
    fd_error *err = NULL;
    const char *series[FD_SVG_SERIES - 1];
    int n = 0;
    for (size_t i = 0; s->places > 1 && i < s->trials.n && n < FD_SVG_SERIES - 1; i++) {
        const fd_trial *t = &s->trials.trial[i];
        pairing p;
        bool known = false;
        for (int k = 0; k < n; k++)
            known = known || strcmp(series[k], t->series) == 0;
        if (known || strcmp(t->suite, suite->name) != 0)
            continue;
        collect(&p, s, suite->name, t->series);
        if (p.n > 0)
            series[n++] = t->series;
    }
    if (n == 0)
        return NULL;
    FD_TRY(fd_string_add(&page->html, "<h3>From which size on the GPU is faster</h3>\n"));
    FD_TRY(add_rows(page, s, suite, series, n));
    FD_TRY(picture(page, s, suite, series, n));
done:
    return err;
}
