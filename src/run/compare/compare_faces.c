#include "run/compare/compare_faces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/ledger.h"
#include "run/compare/compare_side.h"
#include "run/text_table.h"

typedef struct comparison {
    const fd_options *options;
    const char *const *name;
    fd_side a, b;
    fd_match match;
    fd_text_table table;
    bool within;
} comparison;

/* --- the table of bars --------------------------------------------------------------------------------------------------------------- */

/* measured (shown with so many digits) NAN: there was nothing to measure. option NULL: no bar, for information. */
static fd_error *add_row(comparison *c, const char *what, int digits, double measured, const char *option, bool at_least)
{
    fd_error *err = NULL;
    char value[40] = "-", bar[48] = "";
    double limit = option ? fd_opt_real(c->options, option) : 0;
    bool measurable = !isnan(measured), fine = !option || !measurable || (at_least ? measured >= limit : measured <= limit);
    if (measurable)
        snprintf(value, sizeof value, "%.*f", digits, measured);
    if (option)
        snprintf(bar, sizeof bar, "%s %.9g", at_least ? ">=" : "<=", limit);
    FD_TRY(fd_text_cell(&c->table, "%s", what));
    FD_TRY(fd_text_cell(&c->table, "%s", value));
    FD_TRY(fd_text_cell(&c->table, "%s", bar));
    FD_TRY(fd_text_cell(&c->table, "%s", !option || !measurable ? "-" : fine ? "ok" : "FAIL"));
    c->within = c->within && fine;
done:
    return err;
}

/* A failed row whose measure is words. */
static fd_error *add_failure(comparison *c, const char *what, const char *measured)
{
    fd_error *err = NULL;
    FD_TRY(fd_text_cell(&c->table, "%s", what));
    FD_TRY(fd_text_cell(&c->table, "%s", measured));
    FD_TRY(fd_text_cell(&c->table, "%s", ""));
    FD_TRY(fd_text_cell(&c->table, "FAIL"));
    c->within = false;
done:
    return err;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of n sorted values, with linear interpolation between neighbours, as numpy.percentile; NAN of none. */
static double percentile(const double *sorted, int64_t n, double percent)
{
    if (n == 0)
        return NAN;
    double at = percent / 100 * (double)(n - 1);
    int64_t below = (int64_t)at;
    double rest = at - (double)below;
    return rest > 0 ? sorted[below] + rest * (sorted[below + 1] - sorted[below]) : sorted[below];
}

/* --- what is measured ---------------------------------------------------------------------------------------------------------------- */

/* The largest difference of n coordinates: a box is within a pixel when all its coordinates are. NaN on both sides is equal, on one infinite. */
static double furthest(const float *x, const float *y, int n)
{
    double largest = 0;
    for (int k = 0; k < n; k++) {
        double d = x[k] == y[k] || (isnan(x[k]) && isnan(y[k])) ? 0 : fabs((double)x[k] - (double)y[k]);
        largest = isnan(d) ? INFINITY : d > largest ? d : largest;
    }
    return largest;
}

/* One distance per matched face, sorted. */
static fd_error *distances(const comparison *c, const float *x, const float *y, int n, double **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(out, (size_t)c->match.n_faces, sizeof **out));
    for (int64_t i = 0; i < c->match.n_faces; i++)
        (*out)[i] = furthest(x + c->match.face[2 * i] * n, y + c->match.face[2 * i + 1] * n, n);
    qsort(*out, (size_t)c->match.n_faces, sizeof **out, by_value);
done:
    return err;
}

/* whether one side lacks it: says so. */
static fd_error *both_have(comparison *c, const char *what, const void *x, const void *y, bool *both)
{
    *both = x && y;
    if (!x == !y)
        return NULL;
    return add_failure(c, what, x ? "not in the second file" : "not in the first file");
}

static fd_error *pixels(comparison *c, const char *what, const float *x, const float *y, int n)
{
    fd_error *err = NULL;
    double *distance = NULL;
    char text[64];
    bool both = false;
    FD_TRY(both_have(c, what, x, y, &both));
    if (!both)
        goto done;
    FD_TRY(distances(c, x, y, n, &distance));
    snprintf(text, sizeof text, "%s, median (px)", what);
    FD_TRY(add_row(c, text, 6, percentile(distance, c->match.n_faces, 50), "px-median", false));
    snprintf(text, sizeof text, "%s, 99th percentile (px)", what);
    FD_TRY(add_row(c, text, 6, percentile(distance, c->match.n_faces, 99), "px-p99", false));
done:
    free(distance);
    return err;
}

/* NAN when neither has a direction (invalid on both sides), -1 when one has none: no agreement at all. */
static double cosine(const float *x, const float *y, int64_t dim)
{
    double xy = 0, xx = 0, yy = 0;
    for (int64_t k = 0; k < dim; k++) {
        xy += (double)x[k] * y[k];
        xx += (double)x[k] * x[k];
        yy += (double)y[k] * y[k];
    }
    bool has_x = xx > 0 && isfinite(xx), has_y = yy > 0 && isfinite(yy);
    return has_x && has_y ? xy / (sqrt(xx) * sqrt(yy)) : has_x || has_y ? -1 : NAN;
}

static fd_error *embeddings(comparison *c)
{
    fd_error *err = NULL;
    double *value = NULL;
    int64_t n = 0;
    bool both = false;
    FD_TRY(both_have(c, "embeddings", c->a.embedding, c->b.embedding, &both));
    if (both && c->a.dim != c->b.dim)
        FD_TRY(add_failure(c, "embeddings", "of other length"));
    if (!both || c->a.dim != c->b.dim)
        goto done;
    FD_TRY(fd_alloc(&value, (size_t)c->match.n_faces, sizeof *value));
    for (int64_t i = 0; i < c->match.n_faces; i++) {
        value[n] = cosine(c->a.embedding + c->match.face[2 * i] * c->a.dim, c->b.embedding + c->match.face[2 * i + 1] * c->b.dim, c->a.dim);
        n += !isnan(value[n]);
    }
    qsort(value, (size_t)n, sizeof *value, by_value);
    FD_TRY(add_row(c, "cosine of embeddings, median", 9, percentile(value, n, 50), "cos-median", true));
    FD_TRY(add_row(c, "cosine of embeddings, 1st percentile", 9, percentile(value, n, 1), "cos-p01", true));
done:
    free(value);
    return err;
}

static fd_error *scores(comparison *c)
{
    fd_error *err = NULL;
    double *difference = NULL;
    if (!c->a.score || !c->b.score)
        return NULL;
    FD_TRY(distances(c, c->a.score, c->b.score, 1, &difference));
    FD_TRY(add_row(c, "score, largest difference", 9, percentile(difference, c->match.n_faces, 100), NULL, false));
done:
    free(difference);
    return err;
}

static fd_error *measure(comparison *c)
{
    fd_error *err = NULL;
    const fd_match *m = &c->match;
    static const char *const heading[] = {"measure", "measured", "bar", "verdict"};
    for (int i = 0; i < 4; i++)
        FD_TRY(fd_text_cell(&c->table, "%s", heading[i]));
    if (m->common == 0 && m->n_images > 0)
        FD_TRY(add_failure(c, "images in both files", "none"));
    /* A reference without faces is matched whole, and every face of the other is one too many. */
    double reference = m->common == 0 ? NAN : m->faces[1] > 0 ? (double)m->faces[1] : 1, missed = (double)(m->faces[1] - m->n_faces);
    FD_TRY(add_row(c, "reference's faces matched (%)", 4, 100 - 100 * missed / reference, "match", true));
    FD_TRY(add_row(c, "extra faces (%)", 4, 100 * (double)(m->faces[0] - m->n_faces) / reference, "extra", false));
    FD_TRY(pixels(c, "boxes", c->a.box, c->b.box, 4));
    FD_TRY(pixels(c, "landmarks", c->a.landmark, c->b.landmark, 10));
    FD_TRY(embeddings(c));
    FD_TRY(scores(c));
done:
    return err;
}

/* --- what is listed ------------------------------------------------------------------------------------------------------------------ */

/* Images with image[side] only, at most `most` of them by name. */
static void list_lonely(const comparison *c, int side, int64_t most)
{
    int64_t n = 0;
    char name[FD_ESCAPED];
    const fd_side *s = side == 0 ? &c->a : &c->b;
    for (int64_t i = 0; i < c->match.n_images; i++)
        n += c->match.image[2 * i + 1 - side] < 0;
    if (n == 0)
        return;
    printf("%lld images only in %s, left out:\n", (long long)n, c->name[side]);
    for (int64_t i = 0, listed = 0; i < c->match.n_images && listed < most; i++)
        if (c->match.image[2 * i + 1 - side] < 0) {
            printf("  %s\n", fd_escape(name, sizeof name, s->path[c->match.image[2 * i + side]]));
            listed++;
        }
    if (n > most)
        printf("  ... and %lld more (--list N)\n", (long long)(n - most));
}

static const char *status_name(int32_t status, char text[16])
{
    if (status >= 0 && status < FD_IMAGE_STATUSES)
        return fd_image_status_name((fd_image_status)status);
    snprintf(text, 16, "%d", (int)status);
    return text;
}

static void list_statuses(const comparison *c, int64_t most)
{
    int64_t n = 0;
    char name[FD_ESCAPED], first[16], second[16];
    for (int64_t i = 0; c->a.status && c->b.status && i < c->match.n_images; i++) {
        const int64_t *image = c->match.image + 2 * i;
        if (image[0] < 0 || image[1] < 0 || c->a.status[image[0]] == c->b.status[image[1]])
            continue;
        if (n++ == 0)
            printf("images whose status differs (for information):\n");
        if (n <= most)
            printf("  %s: %s, %s\n", fd_escape(name, sizeof name, c->a.path[image[0]]), status_name(c->a.status[image[0]], first),
                   status_name(c->b.status[image[1]], second));
    }
    if (n > most)
        printf("  ... and %lld more (--list N)\n", (long long)(n - most));
}

/* Images in which a face of one side has no partner. */
static fd_error *list_unmatched(const comparison *c, int64_t most)
{
    fd_error *err = NULL;
    int64_t *matched = NULL, n = 0;
    char name[FD_ESCAPED];
    FD_TRY(fd_alloc(&matched, (size_t)c->a.faces, sizeof *matched));
    for (int64_t i = 0; i < c->match.n_faces; i++)
        matched[c->match.face[2 * i]] = 1;
    for (int64_t i = 0; i < c->match.n_images; i++) {
        int64_t x = c->match.image[2 * i], y = c->match.image[2 * i + 1], pairs = 0;
        if (x < 0 || y < 0)
            continue;
        int64_t own = c->a.first[x + 1] - c->a.first[x], other = c->b.first[y + 1] - c->b.first[y];
        for (int64_t k = c->a.first[x]; k < c->a.first[x + 1]; k++)
            pairs += matched[c->a.face[k]];
        if (pairs == own && pairs == other)
            continue;
        if (n++ == 0)
            printf("images with faces that found no partner:\n");
        if (n <= most)
            printf("  %s: %lld faces, reference %lld, matched %lld\n", fd_escape(name, sizeof name, c->a.path[x]), (long long)own, (long long)other,
                   (long long)pairs);
    }
    if (n > most)
        printf("  ... and %lld more (--list N)\n", (long long)(n - most));
done:
    free(matched);
    return err;
}

fd_error *fd_compare_faces(const fd_options *options, fd_result *a, fd_result *b, const char *const name[2], bool *within)
{
    fd_error *err = NULL;
    comparison c = {.options = options, .name = name, .table = {.columns = 4, .right = 2}, .within = true};
    int64_t most = fd_opt_int(options, "list");
    FD_TRY(fd_side_read(a, name[0], &c.a));
    FD_TRY(fd_side_read(b, name[1], &c.b));
    FD_TRY(fd_match_sides(&c.a, &c.b, fd_opt_real(options, "iou"), &c.match));
    FD_TRY(measure(&c));
    printf("%lld images in both files, with %lld and %lld faces, of which %lld belong together\n", (long long)c.match.common, (long long)c.match.faces[0],
           (long long)c.match.faces[1], (long long)c.match.n_faces);
    list_lonely(&c, 0, most);
    list_lonely(&c, 1, most);
    list_statuses(&c, most);
    FD_TRY(list_unmatched(&c, most));
    fd_text_table_print(&c.table, stdout);
    *within = c.within;
done:
    fd_text_table_free(&c.table);
    fd_match_free(&c.match);
    fd_side_free(&c.a);
    fd_side_free(&c.b);
    return err;
}
