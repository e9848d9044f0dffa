/* The roofline: attained rate over operations per byte, below the ceilings of memory and arithmetic. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/bench/bench_page.h"

/* Left end of the axis, operations per byte. Suites that count no arithmetic are drawn here: their height shows their share of the memory's
 * rate. */
static const double LEFT = 0.01, RIGHT = 10000;

static double intensity(const fd_trial *t)
{
    return isfinite(t->operations) ? fmin(RIGHT, fmax(LEFT, t->operations / t->bytes)) : LEFT;
}

static double height(const fd_trial *t)
{
    return fd_trial_rate(t, isfinite(t->operations) ? t->operations : LEFT * t->bytes) * 1e-9;
}

static bool is_drawn(const fd_trial *t, const fd_place *place, int threads)
{
    return t->state == FD_TRIAL_MEASURED && strcmp(t->device, place->name) == 0 && t->threads == threads && isfinite(t->bytes) &&
           strcmp(t->suite, fd_suite_at(0)->name) != 0; /* the ceilings are the lines */
}

/* The suites that have points here, in their order: place in the legend, -1: none. */
static int legend_of(const fd_session *s, const fd_place *place, int threads, const char **name, int *number)
{
    int n = 0;
    for (int k = 0; fd_suite_at(k); k++) {
        bool any = false;
        for (size_t i = 0; i < s->trials.n; i++)
            any = any || (is_drawn(&s->trials.trial[i], place, threads) && strcmp(s->trials.trial[i].suite, fd_suite_at(k)->name) == 0);
        number[k] = any ? n : -1;
        if (any)
            name[n++] = fd_suite_at(k)->name;
    }
    return n;
}

static fd_error *add_roof(fd_svg *svg, const fd_ceiling *c)
{
    fd_error *err = NULL;
    const double flat = c->operations * 1e-9, slope = c->bytes * 1e-9, knee = flat / slope;
    const fd_point memory[] = {{LEFT, LEFT * slope}, {isfinite(knee) ? knee : RIGHT, isfinite(knee) ? flat : RIGHT * slope}},
                   arithmetic[] = {{knee, flat}, {RIGHT, flat}};
    char text[80];
    if (isfinite(slope)) {
        FD_TRY(fd_svg_curve(svg, FD_SVG_SERIES - 1, memory, 2, false));
        snprintf(text, sizeof text, "memory: %.3g GB/s", slope);
        FD_TRY(fd_svg_words(svg, fd_svg_x(svg, 10 * LEFT) + 8, fd_svg_y(svg, 10 * LEFT * slope) + 14, "start", "note", text));
    }
    if (isfinite(flat)) {
        FD_TRY(fd_svg_curve(svg, FD_SVG_SERIES - 1, arithmetic, 2, false));
        snprintf(text, sizeof text, "multiply-adds in registers: %.4g Gop/s", flat);
        FD_TRY(fd_svg_words(svg, svg->left + svg->wide - 6, fd_svg_y(svg, flat) - 6, "end", "note", text));
    }
done:
    return err;
}

static fd_error *add_points(fd_svg *svg, const fd_session *s, const fd_place *place, int threads, const int *number)
{
    fd_error *err = NULL;
    char tip[160], rate[48];
    for (size_t i = 0; i < s->trials.n; i++) {
        const fd_trial *t = &s->trials.trial[i];
        if (!is_drawn(t, place, threads))
            continue;
        for (int k = 0; fd_suite_at(k); k++)
            if (number[k] >= 0 && strcmp(t->suite, fd_suite_at(k)->name) == 0) {
                snprintf(tip, sizeof tip, "%s: %s, %g: %s", t->suite, t->series, t->size, fd_bench_rate_text(fd_suite_at(k), t, rate));
                FD_TRY(fd_svg_dot(svg, number[k], (fd_point){intensity(t), height(t)}, 3.5, tip));
            }
    }
done:
    return err;
}

fd_error *fd_bench_roofline(fd_page *p, const fd_session *s, const fd_place *place, int threads)
{
    fd_error *err = NULL;
    fd_svg svg = {.width = 760, .height = 500, .left = 80, .top = 80, .wide = 650, .high = 360};
    const char *name[FD_CLOCKS];
    int number[FD_CLOCKS];
    char title[96];
    fd_trial like = fd_trial_of("", place->name, threads, 1, "%s", "");
    const fd_ceiling *c = fd_bench_ceiling(s, &like);
    const int n = legend_of(s, place, threads, name, number);
    double least = INFINITY, most = isfinite(c->operations) ? c->operations * 1e-9 : 0;
    for (size_t i = 0; i < s->trials.n; i++)
        if (is_drawn(&s->trials.trial[i], place, threads)) {
            least = fmin(least, height(&s->trials.trial[i]));
            most = fmax(most, height(&s->trials.trial[i]));
        }
    if (n == 0)
        return NULL;
    svg.x = fd_bench_decades(LEFT, RIGHT, "operations for each byte that must move");
    svg.y = fd_bench_decades(fmin(least, isfinite(c->bytes) ? LEFT * c->bytes * 1e-9 : least), most, "Gop per second");
    snprintf(title, sizeof title, threads == 1 ? "%s, one thread" : "%s, %d threads", place->name, threads);
    FD_TRY(fd_svg_open(&svg, title, false));
    FD_TRY(fd_svg_words(&svg, svg.left, 20, "start", "strong", title));
    FD_TRY(fd_svg_legend(&svg, svg.left, 44, name, n));
    FD_TRY(fd_svg_axes(&svg));
    FD_TRY(add_roof(&svg, c));
    FD_TRY(add_points(&svg, s, place, threads, number));
    FD_TRY(fd_page_picture(p, &svg));
done:
    free(svg.text.text);
    return err;
}
