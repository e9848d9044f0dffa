#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/bench/bench_page.h"

enum { CURVES = FD_SVG_SERIES };

fd_axis fd_bench_decades(double least, double most, const char *label)
{
    const double low = floor(log10(least) + 1e-9), high = ceil(log10(most) - 1e-9);
    return (fd_axis){.low = pow(10, low), .high = pow(10, high > low ? high : low + 1), .by_decades = true, .label = label};
}

/* The curves of one picture: trials of a suite on a device, with so many threads (0: any, along the axis). */
typedef struct curves {
    const fd_session *s;
    const fd_suite *suite;
    const char *device;
    int threads;
    bool time;
    const char *name[CURVES];
    int n;
} curves;

static double value_of(const curves *c, const fd_trial *t)
{
    if (c->time)
        return t->median * 1e3;
    const double of = c->suite->rate == FD_RATE_OPERATIONS ? t->operations * 1e-9
                      : c->suite->rate == FD_RATE_BYTES    ? t->bytes * 1e-9
                                                           : t->items;
    return fd_trial_rate(t, of);
}

static bool is_of(const curves *c, const fd_trial *t)
{
    return t->state == FD_TRIAL_MEASURED && strcmp(t->suite, c->suite->name) == 0 && strcmp(t->device, c->device) == 0 &&
           (c->threads == 0 || t->threads == c->threads) && isfinite(value_of(c, t)) && t->size > 0;
}

static void collect(curves *c)
{
    for (size_t i = 0; i < c->s->trials.n; i++) {
        const fd_trial *t = &c->s->trials.trial[i];
        bool known = false;
        for (int k = 0; k < c->n; k++)
            known = known || strcmp(c->name[k], t->series) == 0;
        if (is_of(c, t) && !known && c->n < CURVES)
            c->name[c->n++] = t->series;
    }
}

static fd_error *draw(fd_svg *svg, const curves *c, int curve)
{
    fd_error *err = NULL;
    fd_point *point = NULL;
    int64_t n = 0;
    char tip[160], rate[48];
    FD_TRY(fd_alloc(&point, c->s->trials.n, sizeof *point));
    for (size_t i = 0; i < c->s->trials.n; i++) {
        const fd_trial *t = &c->s->trials.trial[i];
        if (is_of(c, t) && strcmp(t->series, c->name[curve]) == 0)
            point[n++] = (fd_point){t->size, value_of(c, t)};
    }
    FD_TRY(fd_svg_curve(svg, curve, point, n, false));
    for (size_t i = 0; i < c->s->trials.n; i++) {
        const fd_trial *t = &c->s->trials.trial[i];
        if (!is_of(c, t) || strcmp(t->series, c->name[curve]) != 0)
            continue;
        snprintf(tip, sizeof tip, "%s, %g: %.4g ms (%.4g to %.4g), %s", t->series, t->size, t->median * 1e3, t->least * 1e3, t->most * 1e3,
                 fd_bench_rate_text(c->suite, t, rate));
        FD_TRY(fd_svg_dot(svg, curve, (fd_point){t->size, value_of(c, t)}, 3, tip));
    }
done:
    free(point);
    return err;
}

/* Where the ceiling lies in the units of the axis; NAN: not in this picture. */
static double ceiling_of(const curves *c)
{
    fd_trial like = fd_trial_of(c->suite->name, c->device, c->threads ? c->threads : 1, 1, "%s", "");
    const fd_ceiling *ceiling = fd_bench_ceiling(c->s, &like);
    if (c->time || c->threads == 0)
        return NAN;
    return c->suite->rate == FD_RATE_OPERATIONS ? ceiling->operations * 1e-9 : c->suite->rate == FD_RATE_BYTES ? ceiling->bytes * 1e-9 : NAN;
}

static fd_error *add_ceiling(fd_svg *svg, double at)
{
    fd_error *err = NULL;
    const fd_point line[] = {{svg->x.low, at}, {svg->x.high, at}};
    if (!isfinite(at))
        return NULL;
    FD_TRY(fd_svg_curve(svg, FD_SVG_SERIES - 1, line, 2, false));
    FD_TRY(fd_svg_words(svg, svg->left + 6, fd_svg_y(svg, at) - 5, "start", "note", "ceiling"));
done:
    return err;
}

static fd_error *picture(fd_page *p, curves *c)
{
    fd_error *err = NULL;
    fd_svg svg = {.width = 760, .height = 460, .left = 80, .top = 80, .wide = 650, .high = 320};
    double least[2] = {INFINITY, INFINITY}, most[2] = {0, 0};
    char title[160], label[64];
    collect(c);
    if (c->n == 0)
        return NULL;
    const double ceiling = ceiling_of(c);
    for (size_t i = 0; i < c->s->trials.n; i++) {
        const fd_trial *t = &c->s->trials.trial[i];
        if (!is_of(c, t))
            continue;
        const double at[2] = {t->size, value_of(c, t)};
        for (int k = 0; k < 2; k++)
            least[k] = fmin(least[k], at[k]), most[k] = fmax(most[k], at[k]);
    }
    if (least[0] == most[0] && c->threads > 0 && c->threads < c->s->threads)
        return NULL; /* one thread at one size only: the table says it */
    snprintf(label, sizeof label, "%s",
             c->time                           ? "ms"
             : c->suite->rate == FD_RATE_ITEMS ? c->suite->item
             : c->suite->rate == FD_RATE_BYTES ? "GB"
                                               : "Gop");
    snprintf(label + strlen(label), sizeof label - strlen(label), "%s", c->time ? " (median)" : " per second");
    svg.x = fd_bench_decades(least[0], most[0], c->suite->size);
    svg.y = fd_bench_decades(least[1], fmax(most[1], isfinite(ceiling) ? ceiling : 0), label);
    snprintf(title, sizeof title, "%s on %s", c->suite->title, c->device);
    if (c->threads)
        snprintf(title + strlen(title), sizeof title - strlen(title), c->threads == 1 ? ", one thread" : ", %d threads", c->threads);
    FD_TRY(fd_svg_open(&svg, title, false));
    FD_TRY(fd_svg_words(&svg, svg.left, 20, "start", "strong", title));
    FD_TRY(fd_svg_legend(&svg, svg.left, 44, c->name, c->n));
    FD_TRY(fd_svg_axes(&svg));
    FD_TRY(add_ceiling(&svg, ceiling));
    for (int k = 0; k < c->n; k++)
        FD_TRY(draw(&svg, c, k));
    FD_TRY(fd_page_picture(p, &svg));
done:
    free(svg.text.text);
    return err;
}

fd_error *fd_bench_curves(fd_page *p, const fd_session *s, const fd_suite *suite, const char *device, bool time)
{
    fd_error *err = NULL;
    int done_with = 0;
    if (strcmp(suite->size, "threads") == 0)
        return picture(p, &(curves){.s = s, .suite = suite, .device = device, .time = time});
    for (int pass = 0; pass < 2; pass++) { /* all threads, then one */
        const int threads = pass == 0 ? s->threads : 1;
        if (threads != done_with)
            FD_TRY(picture(p, &(curves){.s = s, .suite = suite, .device = device, .threads = threads, .time = time}));
        done_with = threads;
    }
done:
    return err;
}
