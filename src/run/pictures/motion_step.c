#include "run/pictures/motion_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/text_table.h"

static void release(fd_motion_step *s)
{
    fd_engine *e = s->lane->engine;
    uint8_t **arrays[] = {&s->rgb, &s->gray[0], &s->gray[1], &s->mask, &s->part[0], &s->part[1], &s->part[2], &s->part[3], &s->painted};
    if (s->painted == s->rgb)
        s->painted = NULL;
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
        if (*arrays[k])
            e->kind->release(e, *arrays[k]);
        *arrays[k] = NULL;
    }
    free(s->host_mask);
    free(s->host_part);
    s->host_mask = s->host_part = NULL;
    s->width = s->height = 0;
}

void fd_motion_step_forget(fd_motion_step *s)
{
    s->width = s->height = 0;
}

void fd_motion_step_free(fd_motion_step *s)
{
    release(s);
    fd_regions_free(&s->regions);
}

/* Room for frames of another size than the one before; whether there is a frame to compare with. */
static fd_error *fit(fd_motion_step *s, const fd_image *image, bool *first)
{
    fd_error *err = NULL;
    fd_engine *e = s->lane->engine;
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    *first = image->width != s->width || image->height != s->height;
    if (!*first)
        return NULL;
    release(s);
    FD_TRY(e->kind->alloc(e, pixels * 3, (void **)&s->rgb));
    FD_TRY(e->kind->alloc(e, pixels, (void **)&s->gray[0]));
    FD_TRY(e->kind->alloc(e, pixels, (void **)&s->mask));
    s->painted = s->rgb;
    if (!e->kind->raster->motion_in_place || s->times) {
        FD_TRY(e->kind->alloc(e, pixels, (void **)&s->gray[1]));
        s->painted = NULL;
        FD_TRY(e->kind->alloc(e, pixels * 3, (void **)&s->painted));
    }
    for (int k = 0; s->times && k < 4; k++)
        FD_TRY(e->kind->alloc(e, pixels * (k == 3 ? 3 : 1), (void **)&s->part[k]));
    FD_TRY(fd_alloc_aligned(&s->host_mask, pixels, 1));
    if (s->times)
        FD_TRY(fd_alloc_aligned(&s->host_part, pixels, 4));
    s->width = image->width;
    s->height = image->height;
done:
    return err;
}

static fd_error *add_time(fd_motion_step *s, atomic_llong *to, double start)
{
    fd_error *err = s->lane->engine->kind->lane_sync(s->lane);
    atomic_fetch_add(to, (long long)(1e9 * (fd_now() - start)));
    return err;
}

/* The same by the four parts, each by itself; their results go to s->part. */
static fd_error *by_parts(fd_motion_step *s, const fd_motion_frame *whole)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = s->lane->engine->kind;
    fd_motion_frame f = *whole;
    f.gray = s->part[0];
    f.moved = s->part[1];
    f.mask = s->part[2];
    f.out = s->part[3];
    FD_TRY(kind->lane_sync(s->lane));
    for (int k = 0; k < FD_MOTION_PARTS; k++) {
        const double start = fd_now();
        FD_TRY(kind->raster->motion_part(s->lane, (fd_motion_part)k, &f));
        FD_TRY(add_time(s, &s->times->part[k], start));
    }
done:
    return err;
}

/* The parts and the whole must agree to the bit. */
static fd_error *compare(fd_motion_step *s, const fd_image *image)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = s->lane->engine->kind;
    const size_t pixels = (size_t)s->width * (size_t)s->height;
    FD_TRY(kind->download(s->lane, s->host_part, s->part[2], pixels));
    FD_TRY(kind->download(s->lane, s->host_part + pixels, s->part[3], 3 * pixels));
    FD_TRY(kind->lane_sync(s->lane));
    if (memcmp(s->host_part, s->host_mask, pixels) != 0 || memcmp(s->host_part + pixels, image->rgb, 3 * pixels) != 0)
        FD_THROW(FD_DEVICE, "engine %s: motion in stages is not that of one pass", kind->name);
    atomic_fetch_add(&s->times->pixels, (long long)pixels);
    atomic_fetch_add(&s->times->frames, 1);
done:
    return err;
}

fd_error *fd_motion_compute(fd_motion_step *s, fd_image *image)
{
    fd_error *err = NULL;
    bool first;
    const fd_engine_kind *kind = s->lane->engine->kind;
    const size_t pixels = (size_t)image->width * (size_t)image->height;
    FD_TRY(fit(s, image, &first));
    s->turn = s->gray[1] ? 1 - s->turn : 0;
    const fd_motion_frame frame = {.width = image->width, .height = image->height, .rgb = s->rgb, .gray = s->gray[s->turn], .first = first, .threshold = s->threshold,
                                   .out = s->painted, .mask = s->mask, .before = s->gray[1] ? s->gray[1 - s->turn] : NULL};
    FD_TRY(kind->upload(s->lane, s->rgb, image->rgb, pixels * 3));
    if (s->times)
        FD_TRY(by_parts(s, &frame));
    const double start = fd_now();
    FD_TRY(kind->raster->motion(s->lane, &frame));
    if (s->times)
        FD_TRY(add_time(s, &s->times->whole, start));
    FD_TRY(kind->download(s->lane, image->rgb, s->painted, pixels * 3));
    FD_TRY(kind->download(s->lane, s->host_mask, s->mask, pixels));
    FD_TRY(kind->lane_sync(s->lane));
    if (s->times)
        FD_TRY(compare(s, image));
done:
    return err;
}

fd_error *fd_motion_measure(fd_motion_step *s, fd_moved *out)
{
    fd_error *err = NULL;
    FD_TRY(fd_regions_find(&s->regions, s->host_mask, s->width, s->height));
    *out = (fd_moved){.pixels = (int64_t)s->width * s->height, .regions = s->regions.n};
    for (int64_t k = 0; k < s->regions.n; k++)
        out->area += s->regions.box[k].area;
done:
    return err;
}

fd_error *fd_motion_add_fields(fd_string *line, const fd_moved *moved, const fd_regions *regions)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(line, "%lld\t%.9f\t%lld\t", (long long)moved->area, (double)moved->area / (double)moved->pixels, (long long)moved->regions));
    for (int64_t k = 0; k < regions->n; k++) {
        const fd_region_box *b = &regions->box[k];
        FD_TRY(fd_string_add(line, "%s%d,%d,%d,%d", k ? " " : "", b->x1, b->y1, b->x2, b->y2));
    }
    FD_TRY(fd_string_add(line, "\n"));
done:
    return err;
}

static fd_error *add_line(fd_text_table *t, const fd_motion_times *times, const char *what, int bytes, long long ns)
{
    fd_error *err = NULL;
    const double frames = (double)atomic_load(&times->frames), seconds = 1e-9 * (double)ns;
    FD_TRY(fd_text_cell(t, "%s", what));
    FD_TRY(fd_text_cell(t, "%d", bytes));
    FD_TRY(fd_text_cell(t, "%.3f", 1e3 * seconds / frames));
    FD_TRY(fd_text_cell(t, "%.2f", (double)bytes * (double)atomic_load(&times->pixels) / seconds / 1e9));
done:
    return err;
}

fd_error *fd_motion_times_print(const fd_motion_times *times, const char *engine)
{
    static const char *const what[] = {"gray", "compare", "erode", "paint"};
    static const int bytes[] = {4, 3, 2, 7};   /* of a pixel, read and written: 3 + 1, 2 + 1, 1 + 1, 4 + 3 */
    fd_error *err = NULL;
    fd_text_table t = {.columns = 4, .right = 0xe};
    long long sum = 0;
    if (atomic_load(&times->frames) == 0)
        return NULL;
    FD_TRY(fd_text_cell(&t, "stage"));
    FD_TRY(fd_text_cell(&t, "bytes of a pixel"));
    FD_TRY(fd_text_cell(&t, "ms of a frame"));
    FD_TRY(fd_text_cell(&t, "GB/s"));
    for (int k = 0; k < FD_MOTION_PARTS; k++) {
        sum += atomic_load(&times->part[k]);
        FD_TRY(add_line(&t, times, what[k], bytes[k], atomic_load(&times->part[k])));
    }
    FD_TRY(add_line(&t, times, "the four", 16, sum));
    FD_TRY(add_line(&t, times, "one pass", 9, atomic_load(&times->whole)));
    printf("%s; %lld frames computed, in the engine's memory\n", engine, (long long)atomic_load(&times->frames));
    fd_text_table_print(&t, stdout);
    printf("one pass is %.1f times as fast\n\n", (double)sum / (double)atomic_load(&times->whole));
done:
    fd_text_table_free(&t);
    return err;
}

fd_error *fd_motion_times_sum(fd_comm *c, fd_motion_times *t)
{
    fd_error *err = NULL;
    atomic_llong *field[] = {&t->part[0], &t->part[1], &t->part[2], &t->part[3], &t->whole, &t->pixels, &t->frames};
    int64_t sum[7];
    for (int k = 0; k < 7; k++)
        sum[k] = atomic_load(field[k]);
    FD_TRY(fd_comm_reduce_i64(c, sum, 7, FD_COMBINE_SUM));
    for (int k = 0; k < 7; k++)
        atomic_store(field[k], sum[k]);
done:
    return err;
}
