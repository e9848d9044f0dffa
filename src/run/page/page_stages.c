/* Time by stage and rank, from /run/stages. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/engine.h"
#include "run/page/page.h"
#include "run/stage.h"

enum { MOST_RANKS = 64 };   /* that have a bar of their own */

typedef struct table {
    int64_t n, ranks;
    int64_t *rank;             /* [n] */
    char **stage;              /* [n] */
    double *items, *seconds;   /* [n] */
    double *of;                /* [ranks][FD_STAGES] seconds */
    double count[FD_STAGES];   /* items of all ranks */
} table;

static int stage_of(const char *name)
{
    for (int s = 0; s < FD_STAGES; s++)
        if (strcmp(name, fd_stage_name((fd_stage)s)) == 0)
            return s;
    return -1;
}

static fd_error *read_table(fd_page *p, table *t)
{
    fd_error *err = NULL;
    t->n = -1;
    FD_TRY(fd_page_column(p, "/run/stages/rank", FD_COL_I64, &t->n, &t->rank));
    FD_TRY(fd_page_column(p, "/run/stages/stage", FD_COL_TEXT, &t->n, &t->stage));
    FD_TRY(fd_page_column(p, "/run/stages/items", FD_COL_F64, &t->n, &t->items));
    FD_TRY(fd_page_column(p, "/run/stages/seconds", FD_COL_F64, &t->n, &t->seconds));
    if (!t->rank || !t->stage || !t->items || !t->seconds)
        return NULL;
    for (int64_t i = 0; i < t->n; i++) {
        if (t->rank[i] < 0 || t->rank[i] >= t->n)
            FD_THROW(FD_FORMAT, "/run/stages/rank is not a rank");
        t->ranks = t->rank[i] >= t->ranks ? t->rank[i] + 1 : t->ranks;
    }
    FD_TRY(fd_alloc(&t->of, (size_t)(t->ranks * FD_STAGES), sizeof *t->of));
    for (int64_t i = 0; i < t->n; i++) {
        const int s = stage_of(t->stage[i]);
        if (s < 0 || !(t->seconds[i] >= 0))
            continue;
        t->of[t->rank[i] * FD_STAGES + s] += t->seconds[i];
        t->count[s] += t->items[i];
    }
done:
    return err;
}

static void table_free(table *t)
{
    free(t->rank);
    free(t->stage);
    free(t->items);
    free(t->seconds);
    free(t->of);
}

/* --- bars ---------------------------------------------------------------------------------------------------------------------------- */

typedef struct longest {
    int64_t rank;
    double seconds;
} longest;

static int by_time(const void *a, const void *b)
{
    const longest *x = a, *y = b;
    return x->seconds != y->seconds ? (x->seconds < y->seconds) - (x->seconds > y->seconds) : (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_rank(const void *a, const void *b)
{
    const longest *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The ranks that are drawn: all, or those that took longest. Returns how many. */
static int64_t choose(const table *t, bool threaded, longest *out)
{
    for (int64_t r = 0; r < t->ranks; r++) {
        out[r] = (longest){r, 0};
        for (int s = 0; s < FD_STAGES; s++)
            out[r].seconds += fd_stage_is_threaded((fd_stage)s) == threaded ? t->of[r * FD_STAGES + s] : 0;
    }
    const int64_t n = t->ranks < MOST_RANKS ? t->ranks : MOST_RANKS;
    qsort(out, (size_t)t->ranks, sizeof *out, by_time);
    qsort(out, (size_t)n, sizeof *out, by_rank);
    return n;
}

/* The colour of each stage, -1 of those that are not drawn. Where there are more stages than colours, the shortest have the last one together. */
typedef struct palette {
    int of[FD_STAGES], n;
    const char *name[FD_SVG_SERIES];
} palette;

static double sum_of(const table *t, int s)
{
    double sum = 0;
    for (int64_t r = 0; r < t->ranks; r++)
        sum += t->of[r * FD_STAGES + s];
    return sum;
}

static palette colour(const table *t, bool threaded)
{
    palette p = {.n = 0};
    double sum[FD_STAGES];
    int drawn = 0;
    for (int s = 0; s < FD_STAGES; s++) {
        sum[s] = fd_stage_is_threaded((fd_stage)s) == threaded ? sum_of(t, s) : 0;
        drawn += sum[s] > 0;
    }
    const int own = drawn <= FD_SVG_SERIES ? drawn : FD_SVG_SERIES - 1;
    for (int s = 0; s < FD_STAGES; s++) {
        int longer = 0;
        for (int k = 0; k < FD_STAGES; k++)
            longer += sum[k] > sum[s] || (sum[k] == sum[s] && k < s);
        p.of[s] = sum[s] > 0 ? own : -1;
        if (sum[s] > 0 && longer < own) {
            p.of[s] = p.n;
            p.name[p.n++] = fd_stage_name((fd_stage)s);
        }
    }
    if (own < drawn)
        p.name[p.n++] = "others";
    return p;
}

/* One rank's stages, one after the other. */
static fd_error *draw_rank(fd_svg *s, const table *t, const palette *p, int64_t rank, double row)
{
    fd_error *err = NULL;
    double at = 0;
    char tip[96];
    for (int k = 0; k < FD_STAGES; k++) {
        const double seconds = t->of[rank * FD_STAGES + k];
        if (p->of[k] < 0)
            continue;
        snprintf(tip, sizeof tip, "rank %lld, %s: %.3f s", (long long)rank, fd_stage_name((fd_stage)k), seconds);
        if (seconds > 0)
            FD_TRY(fd_svg_bar(s, p->of[k], (fd_point){at, row + 0.12}, (fd_point){at + seconds, row + 0.88}, tip));
        at += seconds;
    }
done:
    return err;
}

static fd_error *draw(fd_page *p, const table *t, bool threaded)
{
    fd_error *err = NULL;
    longest *shown = NULL;
    const palette colours = colour(t, threaded);
    char label[48];
    double most = 0;
    fd_svg s = {0};
    FD_TRY(fd_alloc(&shown, (size_t)t->ranks, sizeof *shown));
    const int64_t n = choose(t, threaded, shown), each = n <= 8 ? 26 : n <= 24 ? 18 : 12, every = n <= 24 ? 1 : 4;
    for (int64_t i = 0; i < n; i++)
        most = shown[i].seconds > most ? shown[i].seconds : most;
    s = (fd_svg){.width = 900,
                 .left = 80,
                 .top = 34,
                 .wide = 800,
                 .high = (double)(each * n),
                 .height = (double)(each * n + 84),
                 .x = fd_axis_to(0, most, threaded ? "seconds, summed over the threads of a rank" : "seconds"),
                 .y = {.low = 0, .high = (double)n, .bare = true}};
    FD_TRY(fd_svg_open(&s, threaded ? "Time of the workers by rank" : "Time of the stages by rank", false));
    FD_TRY(fd_svg_legend(&s, s.left, 20, colours.name, colours.n));
    FD_TRY(fd_svg_axes(&s));
    for (int64_t i = 0; i < n; i++) {
        const double row = (double)(n - 1 - i);   /* rank 0 on top */
        FD_TRY(draw_rank(&s, t, &colours, shown[i].rank, row));
        snprintf(label, sizeof label, "rank %lld", (long long)shown[i].rank);
        if (i % every == 0)
            FD_TRY(fd_svg_words(&s, s.left - 8, fd_svg_y(&s, row + 0.5) + 4.5, "end", "", label));
    }
    FD_TRY(fd_page_picture(p, &s));
    if (n < t->ranks)
        FD_TRY(fd_page_say(p, "note", "The %lld of %lld ranks that took longest.", (long long)n, (long long)t->ranks));
done:
    free(shown);
    free(s.text.text);
    return err;
}

/* --- the table ----------------------------------------------------------------------------------------------------------------------- */

static fd_error *stage_row(fd_page *p, const table *t, fd_stage s)
{
    double sum = 0, least = t->of[s], most = 0;
    int64_t slowest = 0;
    char cell[7][32];
    for (int64_t r = 0; r < t->ranks; r++) {
        const double seconds = t->of[r * FD_STAGES + s];
        sum += seconds;
        least = seconds < least ? seconds : least;
        if (seconds > most)
            slowest = r, most = seconds;
    }
    if (sum == 0 && t->count[s] == 0)
        return NULL;
    const double divisor = fd_stage_is_threaded(s) ? sum : most;
    snprintf(cell[0], 32, "%s%s", fd_stage_name(s), fd_stage_is_threaded(s) ? " *" : "");
    snprintf(cell[1], 32, "%.0f %s", t->count[s], fd_stage_items_name(s));
    cell[2][0] = 0;
    if (divisor > 0)
        snprintf(cell[2], 32, "%.1f/s", t->count[s] / divisor);
    snprintf(cell[3], 32, "%.3f", least);
    snprintf(cell[4], 32, "%.3f", sum / (double)t->ranks);
    snprintf(cell[5], 32, "%.3f", most);
    snprintf(cell[6], 32, "rank %lld", (long long)slowest);
    return fd_page_row(p, "td", (const char *[]){cell[0], cell[1], cell[2], cell[3], cell[4], cell[5], cell[6]}, 7);
}

static fd_error *list(fd_page *p, const table *t)
{
    fd_error *err = NULL;
    static const char *const heading[] = {"stage", "items", "rate", "min s", "mean s", "max s", "slowest"};
    FD_TRY(fd_string_add(&p->html, "<div class=\"scroll\"><table class=\"numbers\">\n"));
    FD_TRY(fd_page_row(p, "th", heading, 7));
    for (int s = 0; s < FD_STAGES; s++)
        FD_TRY(stage_row(p, t, (fd_stage)s));
    FD_TRY(fd_string_add(&p->html, "</table></div>\n"));
    FD_TRY(fd_page_say(p, "note",
                       "* seconds summed over the threads of a rank, rate per thread; min, mean and max are over the ranks. Writing this "
                       "record is not in it."));
done:
    return err;
}

/* --- what the GPUs did, by their own clocks --------------------------------------------------------------------------------------------- */

typedef struct device_times {
    int64_t n;
    int64_t *rank;      /* [n] */
    char **work;        /* [n] */
    double *seconds;    /* [n] */
} device_times;

/* Least, mean and most of the ranks that have such a row; nothing where none has. */
static fd_error *device_row(fd_page *p, const device_times *t, const char *work)
{
    double least = INFINITY, most = 0, sum = 0;
    int64_t ranks = 0, slowest = 0;
    char cell[4][32];
    for (int64_t i = 0; i < t->n; i++) {
        if (strcmp(t->work[i], work) != 0)
            continue;
        if (t->seconds[i] > most)
            slowest = t->rank[i];
        least = fmin(least, t->seconds[i]);
        most = fmax(most, t->seconds[i]);
        sum += t->seconds[i];
        ranks++;
    }
    if (ranks == 0)
        return NULL;
    snprintf(cell[0], 32, "%.3f", least);
    snprintf(cell[1], 32, "%.3f", sum / (double)ranks);
    snprintf(cell[2], 32, "%.3f", most);
    snprintf(cell[3], 32, "rank %lld", (long long)slowest);
    return fd_page_row(p, "td", (const char *[]){work, cell[0], cell[1], cell[2], cell[3]}, 5);
}

static fd_error *list_devices(fd_page *p)
{
    fd_error *err = NULL;
    device_times t = {.n = -1};
    FD_TRY(fd_page_column(p, "/run/gpu/rank", FD_COL_I64, &t.n, &t.rank));
    FD_TRY(fd_page_column(p, "/run/gpu/work", FD_COL_TEXT, &t.n, &t.work));
    FD_TRY(fd_page_column(p, "/run/gpu/seconds", FD_COL_F64, &t.n, &t.seconds));
    if (!t.rank || !t.work || !t.seconds)
        goto done;
    FD_TRY(fd_string_add(&p->html, "<div class=\"scroll\"><table class=\"numbers\">\n"));
    FD_TRY(fd_page_row(p, "th", (const char *[]){"on the GPU", "min s", "mean s", "max s", "slowest"}, 5));
    for (int k = 0; k < FD_PURPOSES; k++)
        FD_TRY(device_row(p, &t, fd_purpose_name((fd_purpose)k)));
    FD_TRY(device_row(p, &t, "busy"));
    FD_TRY(fd_string_add(&p->html, "</table></div>\n"));
    FD_TRY(fd_page_say(p, "note", "By the GPUs' own clocks, since the first photograph; what a GPU did at once on several lanes counts for each, but for "
                                  "\"busy\", which is how long it did anything."));
done:
    free(t.rank);
    free(t.work);
    free(t.seconds);
    return err;
}

fd_error *fd_page_stages(fd_page *p)
{
    fd_error *err = NULL;
    table t = {0};
    FD_TRY(fd_page_section(p, "time", "Time by stage and rank"));
    FD_TRY(read_table(p, &t));
    if (t.ranks == 0) {
        FD_TRY(fd_page_say(p, "", "The result has no record of it."));
    } else {
        FD_TRY(draw(p, &t, false));
        FD_TRY(draw(p, &t, true));
        FD_TRY(list(p, &t));
        FD_TRY(list_devices(p));
    }
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    table_free(&t);
    return err;
}
