/* A picture, and the same picture repeated until it has so many pixels; one kernel that turns a pixel in a thread; six ways to launch it. */
#include "run/pictures/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/entry.h"
#include "run/faces/resolve.h"
#include "run/machine.h"
#include "run/pictures/pictures.h"
#include "run/text_table.h"

enum { PIXEL = 3, SHOWN = 155 };   /* bytes; longer side of the pictures in the page */

static const double LEAST_SECONDS = 0.05;   /* of runs of one launch */

static const uint8_t ALL[24] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

const char *const fd_trial_names[FD_TRIALS] = {"whole picture", "half the threads", "twice the threads", "first half", "last half", "largest block"};

static int64_t ceiling(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* What is launched on n pixels. largest: threads that a block may have; team: how many share a grid, each of which shall have a block. */
static fd_thread_grid launch_of(int trial, int64_t n, int64_t block, int64_t largest, int team, bool stride)
{
    fd_thread_grid g = {.block = block, .last = n, .stride = stride};
    const int64_t blocks = ceiling(n, block);
    switch (trial) {
    case 1: g.grid = ceiling(blocks, 2); break;
    case 2: g.grid = 2 * blocks; break;
    case 3: g.last = n / 2; g.grid = ceiling(g.last, block); break;
    case 4: g.first = n / 2; g.grid = ceiling(n - g.first, block); break;
    case 5:
        g.block = ceiling(n, team) < largest ? ceiling(n, team) : largest;
        g.grid = ceiling(n, g.block);
        break;
    default: g.grid = blocks;
    }
    return g;
}

/* Pixels that some thread has. */
static int64_t reached(const fd_thread_grid *g)
{
    const int64_t span = g->last - g->first, threads = g->grid * g->block;
    return g->stride && threads > 0 ? span : span < threads ? span : threads;
}

/* --- one size on one engine --------------------------------------------------------------------------------------------------------------- */

typedef struct bench {
    fd_engine *engine;
    fd_team *team;
    int64_t n;                /* pixels */
    uint8_t *from, *to;       /* in the engine's memory */
    uint8_t *before, *after;  /* host */
    fd_thread_grid launch;
} bench;

static fd_error *copy_part(void *self, fd_lane *lane, int k, int n)
{
    const bench *b = self;
    const int64_t from = b->n * k / n * PIXEL, to = b->n * (k + 1) / n * PIXEL;
    return lane->engine->kind->raster->copy(lane, b->to + from, b->from + from, (size_t)(to - from));
}

static fd_error *invert_part(void *self, fd_lane *lane, int k, int n)
{
    const bench *b = self;
    fd_thread_grid g = b->launch;
    g.begin = g.grid * k / n;
    g.end = g.grid * (k + 1) / n;
    return lane->engine->kind->raster->invert_grid(lane, &g, PIXEL, b->from, b->to, ALL);
}

/* The least of several runs: three, or as many as fit into the time. */
static fd_error *least_of(bench *b, fd_team_work *work, double *seconds)
{
    fd_error *err = NULL;
    double now, sum = 0;
    *seconds = 1e9;
    for (int run = 0; run < 3 || (sum < LEAST_SECONDS && run < 1000); run++) {
        FD_TRY(fd_team_run(b->team, work, b, &now));
        sum += now;
        *seconds = now < *seconds ? now : *seconds;
    }
done:
    return err;
}

typedef struct transfer { const fd_engine_kind *kind; void *to; const void *from; size_t bytes; bool up; } transfer;

static fd_error *move(void *self, fd_lane *lane, int k, int n)
{
    const transfer *t = self;
    (void)n;
    return k > 0 ? NULL : t->up ? t->kind->upload(lane, t->to, t->from, t->bytes) : t->kind->download(lane, t->to, t->from, t->bytes);
}

static int64_t count_changed(const bench *b)
{
    int64_t changed = 0;
    for (int64_t i = 0; i < b->n * PIXEL; i += PIXEL)
        changed += memcmp(b->before + i, b->after + i, PIXEL) != 0;
    return changed;
}

static fd_error *try_launch(bench *b, fd_trial_row *row)
{
    fd_error *err = NULL;
    double seconds;
    const size_t bytes = (size_t)b->n * PIXEL;
    transfer fresh = {b->engine->kind, b->to, b->before, bytes, true}, back = {b->engine->kind, b->after, b->to, bytes, false};
    b->launch = row->launch;
    FD_TRY(fd_team_run(b->team, move, &fresh, &seconds));
    FD_TRY(least_of(b, invert_part, &row->seconds));
    FD_TRY(fd_team_run(b->team, move, &back, &seconds));
    row->expected = reached(&row->launch);
    row->changed = count_changed(b);
done:
    return err;
}

/* Every k-th pixel, so that the longer side has at most SHOWN. */
static fd_error *shrink(const uint8_t *rgb, int32_t width, int32_t height, fd_image *out)
{
    fd_error *err = NULL;
    const int32_t longer = width > height ? width : height, step = longer > SHOWN ? (longer + SHOWN - 1) / SHOWN : 1;
    *out = (fd_image){.width = (width + step - 1) / step, .height = (height + step - 1) / step, .channels = 3, .depth = 8};
    FD_TRY(fd_alloc(&out->rgb, (size_t)out->width * (size_t)out->height, PIXEL));
    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < out->width; x++)
            memcpy(out->rgb + (y * out->width + x) * PIXEL, rgb + (y * step * width + x * step) * PIXEL, PIXEL);
done:
    return err;
}

static fd_error *make_bench(bench *b, const fd_experiment *e)
{
    fd_error *err = NULL;
    const size_t bytes = (size_t)b->n * PIXEL, whole = (size_t)e->picture.width * (size_t)e->picture.height * PIXEL;
    double seconds;
    FD_TRY(b->engine->kind->alloc(b->engine, bytes, (void **)&b->from));
    FD_TRY(b->engine->kind->alloc(b->engine, bytes, (void **)&b->to));
    FD_TRY(fd_alloc_aligned(&b->before, bytes, 1));
    FD_TRY(fd_alloc_aligned(&b->after, bytes, 1));
    for (size_t i = 0; i < bytes; i += whole)
        memcpy(b->before + i, e->picture.rgb, bytes - i < whole ? bytes - i : whole);
    transfer up = {b->engine->kind, b->from, b->before, bytes, true};
    FD_TRY(fd_team_run(b->team, move, &up, &seconds));
done:
    return err;
}

static void free_bench(bench *b)
{
    if (b->from)
        b->engine->kind->release(b->engine, b->from);
    if (b->to)
        b->engine->kind->release(b->engine, b->to);
    free(b->before);
    free(b->after);
}

static fd_error *try_size(fd_experiment *e, int engine, int size, bench *b)
{
    fd_error *err = NULL;
    double copied = 1e9, seconds;
    const int first = e->rows;
    const int64_t largest = b->engine->kind->raster->largest_block;
    b->n = (int64_t)e->pixels[size];
    FD_TRY(make_bench(b, e));
    for (int t = 0; t < FD_TRIALS; t++) {
        fd_trial_row *row = &e->row[e->rows++];
        *row = (fd_trial_row){.engine = engine, .trial = t, .pixels = b->n, .launch = launch_of(t, b->n, e->block, largest, fd_team_size(b->team), e->stride)};
        FD_TRY(least_of(b, copy_part, &seconds));   /* each time: others may share this machine */
        copied = seconds < copied ? seconds : copied;
        FD_TRY(try_launch(b, row));
        if (size == 0)
            FD_TRY(shrink(b->after, e->picture.width, e->picture.height, &e->shown[engine][t]));
    }
    for (int r = first; r < e->rows; r++)
        e->row[r].share = (double)e->row[r].changed / e->row[r].seconds / ((double)b->n / copied);
done:
    return err;
}

static fd_error *try_engine(fd_experiment *e, fd_engine *engine, int threads)
{
    fd_error *err = NULL;
    bench b = {.engine = engine};
    const int number = e->engines++;
    FD_TRY(fd_team_open(engine, threads, &b.team));
    snprintf(e->engine[number], sizeof e->engine[number], "%s: %.100s, %d %s", engine->kind->name, engine->kind->description(engine), fd_team_size(b.team),
             fd_team_size(b.team) == 1 ? "lane" : "lanes");
    for (int s = 0; s <= e->sizes; s++) {
        fd_say(FD_NORMAL, "%s: %.1f Mpx", engine->kind->name, e->pixels[s] / 1e6);
        FD_TRY(try_size(e, number, s, &b));
        free_bench(&b);
        b = (bench){.engine = engine, .team = b.team};
    }
done:
    free_bench(&b);
    fd_team_close(b.team);
    return err;
}

/* --- what is tried ------------------------------------------------------------------------------------------------------------------------ */

static fd_error *read_picture(const fd_options *o, fd_image *out)
{
    fd_error *err = NULL;
    fd_content content = {0};
    char *demo = NULL, *path = NULL, shown[FD_ESCAPED];
    const fd_decode_config config = {.max_pixels = fd_opt_int(o, "max-pixels"), .max_scans = fd_opt_int(o, "max-scans"), .ignore_exif = fd_opt_choice(o, "exif") == 1};
    if (fd_opt_flag(o, "demo")) {
        FD_TRY(fd_job_installed("picture.jpg", &demo));
    } else if (fd_positionals(o) != 1) {
        FD_THROW(FD_USAGE, "--experiment takes one picture");
    }
    FD_TRY(fd_strdup(&path, demo ? demo : fd_positional(o, 0)));
    FD_TRY(fd_read_entry(path, (size_t)4 << 30, &content));
    if (content.verdict.status == FD_IMAGE_OK)
        FD_TRY(fd_decode(content.bytes, content.n, &config, out));
    if (content.verdict.status != FD_IMAGE_OK || out->status != FD_IMAGE_OK)
        FD_THROW(FD_IO, "%s: %s", fd_escape(shown, sizeof shown, path), content.verdict.status != FD_IMAGE_OK ? content.verdict.detail : out->detail);
done:
    fd_content_free(&content);
    free(demo);
    free(path);
    return err;
}

/* The picture's own, then those that are asked for and fit into memory: four of the picture. */
static fd_error *choose_sizes(fd_experiment *e, const fd_options *o)
{
    double wanted[FD_TRIAL_SIZES];
    const int n = fd_opt_reals(o, "sizes", wanted, FD_TRIAL_SIZES);
    const double room = (double)(fd_opt_set(o, "memory") ? fd_opt_int(o, "memory") : fd_machine_memory() / 5 * 4);
    if (n < 0)
        return FD_FAIL(FD_USAGE, "--sizes takes at most %d numbers", FD_TRIAL_SIZES);
    e->pixels[0] = (double)e->picture.width * e->picture.height;
    for (int i = 0; i < n; i++) {
        if (4 * PIXEL * wanted[i] * 1e6 > room)
            fd_say(FD_NORMAL, "%g Mpx would take %.1f GB of memory: left out", wanted[i], 4 * PIXEL * wanted[i] / 1e3);
        else
            e->pixels[++e->sizes] = wanted[i] * 1e6 > 1 ? wanted[i] * 1e6 : 1;
    }
    return NULL;
}

/* The engine that is named; with auto the processor's and, where there is one, the GPU's. */
static fd_error *try_engines(fd_experiment *e, const fd_options *o, int threads)
{
    fd_error *err = NULL;
    const char *device = fd_opt_text(o, "device");
    const bool both = strcmp(device, "auto") == 0;
    const fd_engine_config config = {.isa = fd_opt_text(o, "isa")};
    fd_engine *engine = NULL;
    if (both) {
        fd_error *none = fd_engine_open("cuda", &config, &engine);
        if (none)
            snprintf(e->absent, sizeof e->absent, "%s", fd_error_message(none));
        fd_error_free(none);
        if (engine)
            FD_TRY(try_engine(e, engine, threads));
        fd_engine_close(engine);
        engine = NULL;
        device = fd_engine_isa_level("auto") >= 0 ? "cpu" : "ref";
    }
    FD_TRY(fd_engine_open(device, &config, &engine));
    FD_TRY(try_engine(e, engine, threads));
done:
    fd_engine_close(engine);
    return err;
}

/* --- what is told ------------------------------------------------------------------------------------------------------------------------- */

static fd_error *print_table(const fd_experiment *e)
{
    fd_error *err = NULL;
    fd_text_table t = {.columns = 8, .right = 0xfe};
    static const char *const heads[] = {"launch", "pixels", "grid", "block", "expected", "changed", "ms", "of copy"};
    for (int engine = 0; engine < e->engines; engine++) {
        printf("%s%s\n", engine ? "\n" : "", e->engine[engine]);
        t = (fd_text_table){.columns = 8, .right = 0xfe};
        for (int k = 0; k < 8; k++)
            FD_TRY(fd_text_cell(&t, "%s", heads[k]));
        for (int r = 0; r < e->rows; r++) {
            const fd_trial_row *row = &e->row[r];
            if (row->engine != engine)
                continue;
            FD_TRY(fd_text_cell(&t, "%s", fd_trial_names[row->trial]));
            FD_TRY(fd_text_cell(&t, "%lld", (long long)row->pixels));
            FD_TRY(fd_text_cell(&t, "%lld", (long long)row->launch.grid));
            FD_TRY(fd_text_cell(&t, "%lld", (long long)row->launch.block));
            FD_TRY(fd_text_cell(&t, "%lld", (long long)row->expected));
            FD_TRY(fd_text_cell(&t, "%lld", (long long)row->changed));
            FD_TRY(fd_text_cell(&t, "%.3f", 1e3 * row->seconds));
            FD_TRY(fd_text_cell(&t, "%.0f %%", 100 * row->share));
        }
        fd_text_table_print(&t, stdout);
        fd_text_table_free(&t);
    }
done:
    fd_text_table_free(&t);
    return err;
}

/* A pixel that changed and should not have, or did not and should have, is a fault of an engine. */
static fd_error *verify(const fd_experiment *e)
{
    for (int r = 0; r < e->rows; r++)
        if (e->row[r].changed != e->row[r].expected)
            return FD_FAIL(FD_DEVICE, "%s, %s: %lld pixels changed, %lld were expected to", e->engine[e->row[r].engine], fd_trial_names[e->row[r].trial],
                           (long long)e->row[r].changed, (long long)e->row[r].expected);
    return NULL;
}

static fd_error *experiment(const fd_options *o, int cores)
{
    fd_error *err = NULL;
    fd_experiment *e = NULL;
    const char *page = fd_opt_text(o, "output");
    FD_TRY(fd_alloc(&e, 1, sizeof *e));
    const int threads = fd_opt_set(o, "threads") ? (int)fd_opt_int(o, "threads") : cores;
    e->stride = fd_opt_flag(o, "grid-stride");
    e->block = fd_opt_int(o, "block");
    FD_TRY(read_picture(o, &e->picture));
    FD_TRY(choose_sizes(e, o));
    FD_TRY(try_engines(e, o, threads));
    FD_TRY(print_table(e));
    if (page)
        FD_TRY(fd_experiment_page(e, page));
    FD_TRY(verify(e));
done:
    for (int k = 0; e && k < FD_TRIAL_ENGINES * FD_TRIALS; k++)
        free(e->shown[k / FD_TRIALS][k % FD_TRIALS].rgb);
    if (e)
        fd_image_free(&e->picture);
    free(e);
    return err;
}

fd_error *fd_run_invert_experiment(fd_comm *c, fd_options *o)
{
    fd_error *err = NULL;
    int cores;
    FD_TRY(fd_machine_cores(c, &cores));
    FD_TRY(fd_comm_agree(c, fd_comm_rank(c) == 0 ? experiment(o, cores) : NULL));
done:
    return err;
}
