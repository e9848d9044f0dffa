/* The histogram of distances: the stored one, else of pairs of some faces. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dist/roc.h"
#include "run/page/page.h"

enum { BARS = 100, SAMPLED = 1200 };

typedef struct bars {
    double first, last;
    int64_t count[BARS], pairs;
    bool sampled;
    int64_t faces;
} bars;

/* From the result's finer bins. False where it has none that can be used. */
static fd_error *stored(fd_page *p, bars *out, bool *found)
{
    fd_error *err = NULL;
    int64_t *bin = NULL, n = -1;
    char *first = NULL, *last = NULL;
    *found = false;
    FD_TRY(fd_page_column(p, "/distances/histogram", FD_COL_I64, &n, &bin));
    if (!bin || n < BARS)
        goto done;
    FD_TRY(fd_result_attribute(p->file, "/distances/histogram", "first edge", &first));
    FD_TRY(fd_result_attribute(p->file, "/distances/histogram", "last edge", &last));
    *out = (bars){.first = first ? strtod(first, NULL) : 0, .last = last ? strtod(last, NULL) : 0};
    for (int64_t i = 0; i < n; i++) {
        out->count[i * BARS / n] += bin[i];
        out->pairs += bin[i];
    }
    *found = out->first < out->last && isfinite(out->first) && isfinite(out->last);
done:
    free(bin);
    free(first);
    free(last);
    return err;
}

/* Rows of up to SAMPLED faces, evenly chosen among the valid ones. */
static fd_error *sample_rows(fd_page *p, float **rows, int64_t *n)
{
    fd_error *err = NULL;
    int64_t valid = 0, seen = 0, count = 0;
    float *row = NULL;
    *n = 0;
    for (int64_t i = 0; i < p->faces; i++)
        valid += !p->valid || p->valid[i];
    const int64_t most = valid < SAMPLED ? valid : SAMPLED;
    FD_TRY(fd_alloc(rows, (size_t)(most * p->dim), sizeof **rows));
    for (int64_t i = 0; i < p->faces && *n < most; i++) {
        if ((p->valid && !p->valid[i]) || seen++ < *n * valid / most)
            continue;
        free(row);
        row = NULL;
        FD_TRY(fd_result_read(p->file, "/faces/embedding", FD_COL_F32, i, 1, (void **)&row, &count));
        memcpy(*rows + (*n)++ * p->dim, row, (size_t)p->dim * sizeof **rows);
    }
done:
    free(row);
    return err;
}

static fd_error *count_pairs(const fd_page *p, const float *rows, int64_t n, bars *out)
{
    fd_error *err = NULL;
    double *value = NULL;
    int64_t pairs = 0;
    FD_TRY(fd_alloc(&value, (size_t)(n * (n - 1) / 2), sizeof *value));
    out->first = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++) {
            const double v = fd_pair_value(p->metric, rows + i * p->dim, rows + j * p->dim, p->dim);
            if (!isfinite(v))
                continue;
            value[pairs++] = v;
            out->first = fmin(out->first, v);
            out->last = fmax(out->last, v);
        }
    const fd_axis axis = fd_axis_to(out->first, out->last, NULL);
    out->first = axis.low, out->last = axis.high;
    for (int64_t i = 0; i < pairs; i++) {
        int bar = (int)(BARS * (value[i] - out->first) / (out->last - out->first));
        out->count[bar < BARS ? bar : BARS - 1]++;
    }
    out->pairs = pairs;
done:
    free(value);
    return err;
}

static fd_error *sampled(fd_page *p, bars *out)
{
    fd_error *err = NULL;
    float *rows = NULL;
    *out = (bars){.sampled = true};
    if (p->dim == 0)
        return NULL;
    FD_TRY(sample_rows(p, &rows, &out->faces));
    FD_TRY(count_pairs(p, rows, out->faces, out));
done:
    free(rows);
    return err;
}

/* By decades what is rare is seen beside what is not. */
static fd_error *draw(fd_page *p, const bars *b, bool by_decades)
{
    fd_error *err = NULL;
    int64_t most = 0;
    int last = BARS;
    char tip[96];
    for (int i = 0; i < BARS; i++)
        most = b->count[i] > most ? b->count[i] : most;
    while (last > 1 && b->count[last - 1] == 0)   /* an empty tail says nothing */
        last--;
    const double wide = (b->last - b->first) / BARS;
    const double high = by_decades ? 180 : 260;
    fd_svg s = {.width = 900,
                .height = high + 74,
                .left = 80,
                .top = 24,
                .wide = 800,
                .high = high,
                .y = fd_axis_to(0, (double)most, "pairs"),
                .x = {.low = b->first, .high = b->first + wide * last, .label = p->measure}};
    if (by_decades)
        s.y = (fd_axis){.low = 0.5, .high = pow(10, ceil(log10((double)most + 1))), .by_decades = true, .label = "pairs, by powers of ten"};
    if (!isnan(p->threshold) && s.x.high < p->threshold)
        s.x.high = p->threshold + wide;
    FD_TRY(fd_svg_open(&s, by_decades ? "Histogram of distances, by powers of ten" : "Histogram of distances", false));
    FD_TRY(fd_svg_axes(&s));
    for (int i = 0; i < last; i++) {
        const double at = b->first + wide * i;
        if (b->count[i] == 0)
            continue;
        snprintf(tip, sizeof tip, "%.4g to %.4g: %lld pairs", at, at + wide, (long long)b->count[i]);
        FD_TRY(fd_svg_bar(&s, 0, (fd_point){at + 0.06 * wide, 0}, (fd_point){at + 0.94 * wide, (double)b->count[i]}, tip));
    }
    if (!isnan(p->threshold)) {
        const double px = fd_svg_x(&s, p->threshold);
        snprintf(tip, sizeof tip, "the model's threshold: %.6g", p->threshold);
        FD_TRY(fd_svg_mark(&s, p->threshold));
        FD_TRY(fd_svg_words(&s, px, 16, px > 640 ? "end" : px < 240 ? "start" : "middle", "", tip));
    }
    FD_TRY(fd_page_picture(p, &s));
done:
    free(s.text.text);
    return err;
}

fd_error *fd_page_distances(fd_page *p)
{
    fd_error *err = NULL;
    bars b = {0};
    bool found = false;
    FD_TRY(fd_page_section(p, "distances", "Distances"));
    FD_TRY(stored(p, &b, &found));
    if (!found)
        FD_TRY(sampled(p, &b));
    if (!found && p->dim == 0)
        FD_TRY(fd_page_say(p, "", "The result has neither embeddings nor a histogram (--histogram)."));
    else if (b.pairs == 0)
        FD_TRY(fd_page_say(p, "", "There are no two rows that can be compared."));
    else {
        FD_TRY(draw(p, &b, false));
        FD_TRY(draw(p, &b, true));
        if (!b.sampled || b.faces == p->faces)
            FD_TRY(fd_page_say(p, "note", "All %lld pairs.", (long long)b.pairs));
        else
            FD_TRY(fd_page_say(p, "note", "%lld pairs of %lld of %lld faces, evenly chosen (--histogram stores that of all).",
                               (long long)b.pairs, (long long)b.faces, (long long)p->faces));
    }
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}
