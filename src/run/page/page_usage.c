/* Processor, memory and GPUs over time, from /run/usage: a line for each rank, or what most of many ranks do. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "run/page/page.h"

enum { MOST_LINES = FD_SVG_SERIES, GRID = 160 };

typedef struct samples {
    int64_t n, ranks;
    int64_t *rank;                      /* [n] */
    double *seconds, *cpu, *resident;   /* [n] */
    double *gpu_percent, *gpu_memory, *gpu_mhz;   /* [n], NaN where a rank has none; NULL: no rank has */
    char **gpu_held;                    /* [n] words; NULL too */
    int64_t *first;                     /* [ranks + 1]: rank r has samples order[first[r]..first[r + 1] - 1], by time */
    int64_t *order;                     /* [n] */
    double end;                         /* of the run, seconds */
    int grid;                           /* points in time at which all ranks are looked at */
} samples;

static int by_rank_and_time(const void *a, const void *b, void *self)
{
    const samples *s = self;
    int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    if (s->rank[i] != s->rank[j])
        return s->rank[i] < s->rank[j] ? -1 : 1;
    if (s->seconds[i] != s->seconds[j])
        return s->seconds[i] < s->seconds[j] ? -1 : 1;
    return (i > j) - (i < j);
}

static fd_error *sort(samples *s)
{
    fd_error *err = NULL;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->rank[i] < 0 || s->rank[i] >= s->n || !isfinite(s->seconds[i]) || !isfinite(s->cpu[i]) || !isfinite(s->resident[i]))
            FD_THROW(FD_FORMAT, "/run/usage has what is no rank or no number");
        s->ranks = s->rank[i] >= s->ranks ? s->rank[i] + 1 : s->ranks;
        s->end = fmax(s->end, s->seconds[i]);
    }
    FD_TRY(fd_alloc(&s->order, (size_t)s->n, sizeof *s->order));
    FD_TRY(fd_alloc(&s->first, (size_t)s->ranks + 1, sizeof *s->first));
    for (int64_t i = 0; i < s->n; i++) {
        s->order[i] = i;
        s->first[s->rank[i] + 1]++;
    }
    for (int64_t r = 0; r < s->ranks; r++)
        s->first[r + 1] += s->first[r];
    qsort_r(s->order, (size_t)s->n, sizeof *s->order, by_rank_and_time, s);
    const int64_t each = s->ranks ? s->n / s->ranks : 0;
    s->grid = each > GRID ? GRID : each < 3 ? 3 : (int)each;
done:
    return err;
}

/* NaN is what a rank without a GPU has; what is infinite no picture can show. */
static fd_error *check_gpus(const samples *s)
{
    const double *const columns[] = {s->gpu_percent, s->gpu_memory, s->gpu_mhz};
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        for (int64_t i = 0; columns[k] && i < s->n; i++)
            if (isinf(columns[k][i]))
                return FD_FAIL(FD_FORMAT, "/run/usage has an infinite number of a GPU");
    return NULL;
}

static fd_error *read_samples(fd_page *p, samples *s)
{
    fd_error *err = NULL;
    s->n = -1;
    FD_TRY(fd_page_column(p, "/run/usage/rank", FD_COL_I64, &s->n, &s->rank));
    FD_TRY(fd_page_column(p, "/run/usage/seconds", FD_COL_F64, &s->n, &s->seconds));
    FD_TRY(fd_page_column(p, "/run/usage/cpu_seconds", FD_COL_F64, &s->n, &s->cpu));
    FD_TRY(fd_page_column(p, "/run/usage/resident_bytes", FD_COL_F64, &s->n, &s->resident));
    FD_TRY(fd_page_column(p, "/run/usage/gpu_percent", FD_COL_F64, &s->n, &s->gpu_percent));
    FD_TRY(fd_page_column(p, "/run/usage/gpu_memory_bytes", FD_COL_F64, &s->n, &s->gpu_memory));
    FD_TRY(fd_page_column(p, "/run/usage/gpu_sm_mhz", FD_COL_F64, &s->n, &s->gpu_mhz));
    FD_TRY(fd_page_column(p, "/run/usage/gpu_held_down_by", FD_COL_TEXT, &s->n, &s->gpu_held));
    FD_TRY(check_gpus(s));
    if (s->rank && s->seconds && s->cpu && s->resident)
        FD_TRY(sort(s));
done:
    return err;
}

static void samples_free(samples *s)
{
    void *const all[] = {s->rank, s->seconds, s->cpu, s->resident, s->first, s->order,
                         s->gpu_percent, s->gpu_memory, s->gpu_mhz, s->gpu_held};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* The value of a rank at a time, on the straight line between two samples; NaN before its first and after its last. */
static double value_at(const samples *s, const double *value, int64_t rank, double seconds)
{
    for (int64_t i = s->first[rank]; i + 1 < s->first[rank + 1]; i++) {
        const int64_t a = s->order[i], b = s->order[i + 1];
        if (seconds < s->seconds[a] || seconds > s->seconds[b])
            continue;
        const double wide = s->seconds[b] - s->seconds[a];
        return wide > 0 ? value[a] + (value[b] - value[a]) * (seconds - s->seconds[a]) / wide : value[b];
    }
    return NAN;
}

/* What is measured of a rank; `unit` divides it. */
typedef struct measure {
    const double *of;   /* [n] */
    bool rate;          /* what it grows by per second */
    double unit;
    const char *label;
} measure;

/* At the points of the grid; a rate is that since the point before. */
static void on_grid(const samples *s, int64_t rank, const measure *m, fd_point *out)
{
    const double wide = s->end / (s->grid - 1);
    for (int i = 0; i < s->grid; i++) {
        out[i] = (fd_point){wide * i, value_at(s, m->of, rank, wide * i) / m->unit};
        if (m->rate)
            out[i].y = (value_at(s, m->of, rank, wide * (i ? i : 1)) - value_at(s, m->of, rank, wide * (i ? i - 1 : 0))) / wide / m->unit;
    }
}

/* At the samples themselves; rates as steps between samples that are not too near to each other. Returns how many points out[2 n] has. */
static int64_t on_samples(const samples *s, int64_t rank, const measure *m, fd_point *out)
{
    int64_t n = 0, from = s->first[rank];
    for (int64_t i = from; i < s->first[rank + 1]; i++) {
        const int64_t a = s->order[from], b = s->order[i];
        const double wide = s->seconds[b] - s->seconds[a];
        if (!m->rate && !isnan(m->of[b]))
            out[n++] = (fd_point){s->seconds[b], m->of[b] / m->unit};
        else if (m->rate && wide > 0 && (wide >= s->end / GRID || i + 1 == s->first[rank + 1])) {
            const double rate = (m->of[b] - m->of[a]) / wide / m->unit;
            out[n++] = (fd_point){s->seconds[a], rate};
            out[n++] = (fd_point){s->seconds[b], rate};
            from = i;
        }
    }
    return n;
}

/* Least, mean and most of all ranks at each point: rows 0, 1, 2 of out[3][grid]. Points that no rank has are left out; returns how many there
 * are. */
static int summarise(const samples *s, const fd_point *all, fd_point *out)
{
    int n = 0;
    for (int i = 0; i < s->grid; i++) {
        double least = INFINITY, most = -INFINITY, sum = 0;
        int64_t count = 0;
        for (int64_t r = 0; r < s->ranks; r++) {
            const double v = all[r * s->grid + i].y;
            if (isnan(v))
                continue;
            least = fmin(least, v);
            most = fmax(most, v);
            sum += v;
            count++;
        }
        if (count == 0)
            continue;
        const double x = all[i].x;
        out[n] = (fd_point){x, least}, out[s->grid + n] = (fd_point){x, sum / (double)count}, out[2 * s->grid + n] = (fd_point){x, most};
        n++;
    }
    return n;
}

/* A line for each rank. */
static fd_error *draw_lines(fd_svg *svg, const samples *s, const measure *m)
{
    fd_error *err = NULL;
    char text[MOST_LINES][24];
    const char *names[MOST_LINES];
    fd_point *point = NULL;
    double most = 0;
    FD_TRY(fd_alloc(&point, 2 * (size_t)s->n, sizeof *point));
    for (int r = 0; r < s->ranks; r++) {
        snprintf(text[r], sizeof text[r], "rank %d", r);
        names[r] = text[r];
        for (int64_t n = on_samples(s, r, m, point), i = 0; i < n; i++)
            most = fmax(most, point[i].y);
    }
    svg->y = fd_axis_to(0, most, m->label);
    FD_TRY(fd_svg_axes(svg));
    FD_TRY(fd_svg_legend(svg, svg->left, 20, names, (int)s->ranks));
    for (int r = 0; r < s->ranks; r++)
        FD_TRY(fd_svg_curve(svg, r, point, on_samples(s, r, m, point), false));
done:
    free(point);
    return err;
}

/* The mean of many ranks, and what lies between the least and the most of them. */
static fd_error *draw_band(fd_svg *svg, const samples *s, const measure *m)
{
    fd_error *err = NULL;
    fd_point *all = NULL, *summary = NULL;
    char text[64];
    const char *const names[] = {text};
    double most = 0;
    FD_TRY(fd_alloc(&all, (size_t)(s->ranks * s->grid), sizeof *all));
    FD_TRY(fd_alloc(&summary, 3 * (size_t)s->grid, sizeof *summary));
    for (int64_t r = 0; r < s->ranks; r++)
        on_grid(s, r, m, all + r * s->grid);
    const int n = summarise(s, all, summary);
    for (int i = 0; i < n; i++)
        most = fmax(most, summary[2 * s->grid + i].y);
    svg->y = fd_axis_to(0, most, m->label);
    FD_TRY(fd_svg_axes(svg));
    snprintf(text, sizeof text, "mean of %lld ranks, and from the least to the most", (long long)s->ranks);
    FD_TRY(fd_svg_legend(svg, svg->left, 20, names, 1));
    FD_TRY(fd_svg_band(svg, 0, summary, summary + 2 * s->grid, n));
    FD_TRY(fd_svg_curve(svg, 0, summary + s->grid, n, false));
done:
    free(all);
    free(summary);
    return err;
}

static fd_error *draw(fd_page *p, const samples *s, const measure *m)
{
    fd_error *err = NULL;
    fd_svg svg = {.width = 900,
                  .height = 290,
                  .left = 80,
                  .top = 34,
                  .wide = 800,
                  .high = 200,
                  .x = {.low = 0, .high = s->end, .label = "seconds since the start"}};
    FD_TRY(fd_svg_open(&svg, m->label, false));
    FD_TRY(s->ranks <= MOST_LINES ? draw_lines(&svg, s, m) : draw_band(&svg, s, m));
    FD_TRY(fd_page_picture(p, &svg));
done:
    free(svg.text.text);
    return err;
}

static double largest_of(const double *value, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, value[i]);   /* not of NaN */
    return most;
}

static fd_error *draw_bytes(fd_page *p, const samples *s, const double *bytes, const char *giga, const char *mega)
{
    const bool large = largest_of(bytes, s->n) >= 4e9;
    return draw(p, s, &(measure){bytes, false, large ? 1e9 : 1e6, large ? giga : mega});
}

/* How often something held the clocks down, and what it was first. */
static fd_error *say_held(fd_page *p, const samples *s)
{
    int64_t held = 0, asked = 0, first = -1;
    for (int64_t i = 0; i < s->n; i++) {
        asked += !isnan(s->gpu_mhz[i]);
        held += *s->gpu_held[i] != 0;
        first = first < 0 && *s->gpu_held[i] ? i : first;
    }
    if (held == 0)
        return fd_page_say(p, "", "Nothing held the GPUs' clocks down in %lld samples.", (long long)asked);
    return fd_page_say(p, "", "The GPUs' clocks were held down in %lld of %lld samples, the first time by: %s.", (long long)held,
                       (long long)asked, s->gpu_held[first]);
}

static fd_error *draw_gpus(fd_page *p, const samples *s)
{
    fd_error *err = NULL;
    if (s->gpu_percent)
        FD_TRY(draw(p, s, &(measure){s->gpu_percent, false, 1, "GPU: % of the time that a kernel ran"}));
    if (s->gpu_memory)
        FD_TRY(draw_bytes(p, s, s->gpu_memory, "GPU memory in use, GB", "GPU memory in use, MB"));
    if (s->gpu_mhz)
        FD_TRY(draw(p, s, &(measure){s->gpu_mhz, false, 1, "GPU clock (SM), MHz"}));
    if (s->gpu_mhz && s->gpu_held)
        FD_TRY(say_held(p, s));
done:
    return err;
}

fd_error *fd_page_usage(fd_page *p)
{
    fd_error *err = NULL;
    samples s = {0};
    FD_TRY(fd_page_section(p, "usage", "Processor, memory and GPU over time"));
    FD_TRY(read_samples(p, &s));
    if (!s.order || s.end <= 0) {
        FD_TRY(fd_page_say(p, "", "The result has no record of it."));
    } else {
        FD_TRY(draw(p, &s, &(measure){s.cpu, true, 1, "cores in use"}));
        FD_TRY(draw_bytes(p, &s, s.resident, "resident memory, GB", "resident memory, MB"));
        FD_TRY(draw_gpus(p, &s));
    }
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    samples_free(&s);
    return err;
}
