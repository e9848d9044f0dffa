#include "run/pairs/distances_measure.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "dist/half.h"
#include "store/packed.h"

enum { FEW = 4096, MANY = 16384 };       /* rows of two runs, from whose difference the pairs' share is told from the lists' */
enum { DISK = 64 << 20 };                /* bytes */

double fd_measured_fill(int64_t n, int64_t k)
{
    return 1 + (n > k ? log((double)n / (double)k) : 0);
}

static double share(double whole, double of)
{
    return of > 0 ? whole / of : 0;
}

/* --- sweeps ---------------------------------------------------------------------------------------------------------------------------- */

/* Rows of the input, prepared, and what a run makes of their pairs. */
typedef struct trial {
    fd_distances_run *run;
    fd_lane *lane;
    fd_slabs slabs;
    fd_panel panel;
    fd_tile_plan plan;
    fd_scale scale;
    char *path;              /* of spilled pairs */
    fd_spill *spill;
    int64_t *row_count;
    fd_lists *lists;
    fd_histogram bins;
} trial;

static fd_error *open_outputs(trial *t)
{
    fd_error *err = NULL;
    const fd_pairing *p = &t->run->pairing;
    fd_string path = {0};
    if (p->wanted.k > 0)
        FD_TRY(fd_lists_open(p->metric, t->plan.n, t->plan.side, p->wanted.k, &t->lists));
    t->bins = (fd_histogram){.low = p->metric == FD_INNER ? -1 : 0, .scale = FD_HISTOGRAM_BINS / 2.0, .bins = FD_HISTOGRAM_BINS};
    if (p->wanted.histogram)
        FD_TRY(fd_alloc(&t->bins.count, FD_HISTOGRAM_BINS + 2, sizeof *t->bins.count));
    if (!p->wanted.radius_given)
        return NULL;
    FD_TRY(fd_string_add(&path, "%s.forecast", t->run->output));
    t->path = path.text;
    FD_TRY(fd_alloc(&t->row_count, (size_t)t->plan.n + 1, sizeof *t->row_count));
    FD_TRY(fd_spill_open(t->path, 2 * t->plan.side * t->plan.side, true, t->row_count, &t->spill));
done:
    return err;
}

static void close_trial(trial *t)
{
    fd_lists_close(t->lists);
    fd_spill_close(t->spill);
    if (t->path)
        unlink(t->path);
    free(t->path);
    free(t->row_count);
    free(t->bins.count);
    fd_panel_close(&t->panel);
    fd_slabs_close(&t->slabs);
    fd_lane_close(t->lane);
}

static fd_error *open_trial(fd_distances_run *r, int64_t rows, bool tiles, trial *t)
{
    fd_error *err = NULL;
    const fd_pairing *p = &r->pairing;
    fd_survey survey = FD_SURVEY_EMPTY;
    *t = (trial){.run = r, .scale = fd_scale_of(&survey, p->metric)};
    t->plan = tiles || p->wanted.radius_given ? fd_tile_plan_of(rows) : fd_tile_plan_wide(rows, 1, p->plan[1].side);
    FD_TRY(fd_lane_open(r->engine, &t->lane));
    FD_TRY(fd_slabs_open(r->vectors[1], NULL, p->metric, &t->slabs));
    fd_panel_desc d = fd_pairing_describe(p, 1);
    d.plan = t->plan;
    d.scale = &t->scale;
    d.source = fd_slabs_source(&t->slabs);
    d.tiles = tiles;
    d.sweeps = !tiles;
    FD_TRY(fd_panel_open(t->lane, &d, 0, t->plan.blocks, &t->panel));
    if (!tiles)
        FD_TRY(open_outputs(t));
done:
    if (err)
        close_trial(t);
    return err;
}

static fd_error *compute(trial *t, fd_tile_sink sink)
{
    const fd_pairing *p = &t->run->pairing;
    fd_deal deal = {.window = {.triangle = true, .rows = t->plan.blocks, .columns = t->plan.blocks}};
    fd_deal_share(&deal, 1, 0);
    const fd_dist_job job = {.metric = p->metric, .dim = p->dim, .side = {t->plan.side, t->plan.side}, .symmetric = true, .a = &t->panel, .b = &t->panel,
                             .deal = &deal, .scale = &t->scale, .sink = sink, .lists = t->lists, .radius = p->wanted.radius, .spill = t->spill,
                             .histogram = t->bins.count ? &t->bins : NULL};
    return fd_distances(t->lane, &job);
}

/* Seconds of all pairs of the first n rows, and of preparing them. */
static fd_error *sweep_rows(fd_distances_run *r, int64_t n, double *pairs, double *prepare)
{
    fd_error *err = NULL;
    trial t;
    double mark = fd_thread_seconds();
    FD_TRY(open_trial(r, n, false, &t));
    *prepare = fd_thread_seconds() - mark;
    mark = fd_thread_seconds();
    err = compute(&t, (fd_tile_sink){0});
    *pairs = fd_thread_seconds() - mark;
    close_trial(&t);
done:
    return err;
}

/* The least of some runs: the first ones of a process find cold caches and memory that is not yet theirs, and small differences between two runs
 * tell of very large ones. */
static fd_error *sweep_rows_again(fd_distances_run *r, int64_t n, int runs, double *pairs, double *prepare)
{
    fd_error *err = NULL;
    FD_TRY(sweep_rows(r, n, pairs, prepare));
    for (int i = 1; i < runs; i++) {
        double again, prepared;
        FD_TRY(sweep_rows(r, n, &again, &prepared));
        *pairs = again < *pairs ? again : *pairs;
        *prepare = prepared < *prepare ? prepared : *prepare;
    }
done:
    return err;
}

static fd_error *measure_sweeps(fd_distances_run *r, fd_measured *m)
{
    fd_error *err = NULL;
    const int64_t all = r->pairing.n[1], many = all < MANY ? all : MANY, few = FEW, k = r->pairing.wanted.k;
    double t_few = 0, t_many = 0, prepare = 0, unused = 0;
    FD_TRY(sweep_rows_again(r, many < few ? many : few, 3, &t_few, &unused));
    FD_TRY(sweep_rows_again(r, many, 2, &t_many, &prepare));
    m->row = prepare / (double)many;
    m->pair = share(t_many, 0.5 * (double)many * (double)many);
    if (k == 0 || many < 2 * few || all == many)
        return NULL;
    /* two runs, two unknowns: pair * n^2 / 2 + fill * n * (1 + ln(n / k)) */
    const double ratio = (double)many * fd_measured_fill(many, k) / ((double)few * fd_measured_fill(few, k));
    const double pair = (t_many - ratio * t_few) / (0.5 * ((double)many * (double)many - ratio * (double)few * (double)few));
    m->pair = pair > m->pair / 20 ? (pair < m->pair ? pair : m->pair) : m->pair / 20;
    m->fill = (t_many - m->pair * 0.5 * (double)many * (double)many) / ((double)many * fd_measured_fill(many, k));
done:
    return err;
}

/* --- matrix ---------------------------------------------------------------------------------------------------------------------------- */

typedef struct stored { const fd_wanted *wanted; double values, bytes; } stored;

static fd_error *store(void *self, int64_t I, int64_t J, const float *values, int64_t rows, int64_t columns, int64_t pitch)
{
    fd_error *err = NULL;
    stored *s = self;
    uint16_t *half = NULL;
    uint8_t *packed = NULL;
    size_t bytes = 0;
    const int64_t n = rows * pitch;
    (void)I;
    (void)J;
    FD_TRY(fd_alloc_aligned(&half, (size_t)n, sizeof *half));
    if (s->wanted->half)
        (void)fd_half_of(values, n, half);
    if (s->wanted->compress)
        FD_TRY(fd_chunk_pack(s->wanted->half ? (const void *)half : values, (size_t)n, s->wanted->half ? sizeof *half : sizeof *values, &packed, &bytes));
    s->values += (double)(rows * columns);
    s->bytes += (double)bytes;
done:
    free(half);
    free(packed);
    return err;
}

static fd_error *measure_matrix(fd_distances_run *r, fd_measured *m)
{
    enum { TILES_OF = 1024 };   /* rows: three tiles, four chunks */
    fd_error *err = NULL;
    trial t;
    stored s = {.wanted = &r->pairing.wanted};
    const int64_t rows = r->pairing.n[1] < TILES_OF ? r->pairing.n[1] : TILES_OF;
    FD_TRY(open_trial(r, rows, true, &t));
    const double start = fd_thread_seconds();
    err = compute(&t, (fd_tile_sink){&s, store});
    m->value = share(fd_thread_seconds() - start, s.values);
    if (s.wanted->compress)
        m->packed = share(s.bytes, s.values * (s.wanted->half ? 2 : 4));
    close_trial(&t);
done:
    return err;
}

/* Writes beside the output, as a run does, and takes it away again. */
static fd_error *measure_disk(const fd_distances_run *r, fd_measured *m)
{
    fd_error *err = NULL;
    fd_string path = {0};
    uint8_t *bytes = NULL;
    int fd = -1;
    FD_TRY(fd_string_add(&path, "%s.forecast", r->output));
    FD_TRY(fd_alloc(&bytes, DISK, 1));
    fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        FD_TRY(fd_file_error(path.text, "make", errno));
    const double start = fd_now();
    FD_TRY(fd_file_pwrite(fd, path.text, bytes, DISK, 0));
    if (fdatasync(fd) != 0)
        FD_TRY(fd_file_error(path.text, "sync", errno));
    m->byte = (fd_now() - start) / DISK;
done:
    if (fd >= 0) {
        close(fd);
        unlink(path.text);
    }
    free(path.text);
    free(bytes);
    return err;
}

/* --- rows ------------------------------------------------------------------------------------------------------------------------------ */

static fd_error *measure_survey(fd_distances_run *r, fd_measured *m)
{
    fd_error *err = NULL;
    fd_vectors_facts facts = {0};
    const int64_t n = r->pairing.n[1] < FEW ? r->pairing.n[1] : FEW;
    const double start = fd_thread_seconds();
    FD_TRY(fd_vectors_look(r->vectors[1], r->pairing.metric, n, &facts));
    m->survey = share(fd_thread_seconds() - start, (double)n);
done:
    free(facts.valid);
    return err;
}

fd_error *fd_distances_measure(fd_distances_run *r, fd_measured *out)
{
    fd_error *err = NULL;
    const fd_wanted *w = &r->pairing.wanted;
    *out = (fd_measured){.packed = 1};
    if (r->pairing.n[1] == 0)
        return NULL;
    FD_TRY(measure_survey(r, out));
    if (w->k > 0 || w->radius_given || w->histogram)
        FD_TRY(measure_sweeps(r, out));
    if (w->matrix) {
        FD_TRY(measure_matrix(r, out));
        FD_TRY(measure_disk(r, out));
    }
done:
    return err;
}
