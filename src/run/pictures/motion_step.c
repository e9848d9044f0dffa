#include "run/pictures/motion_step.h"

#include <stdlib.h>

#include "base/memory.h"

static void release(fd_motion_step *s)
{
    fd_engine *e = s->lane->engine;
    void *arrays[] = {s->rgb, s->gray, s->mask};
    for (int k = 0; k < 3; k++)
        if (arrays[k])
            e->kind->release(e, arrays[k]);
    free(s->host_mask);
    s->rgb = s->gray = s->mask = s->host_mask = NULL;
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
    FD_TRY(e->kind->alloc(e, pixels, (void **)&s->gray));
    FD_TRY(e->kind->alloc(e, pixels, (void **)&s->mask));
    FD_TRY(fd_alloc_aligned(&s->host_mask, pixels, 1));
    s->width = image->width;
    s->height = image->height;
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
    const fd_motion_frame frame = {.width = image->width, .height = image->height, .rgb = s->rgb, .gray = s->gray, .first = first,
                                   .threshold = s->threshold, .out = s->rgb, .mask = s->mask};
    FD_TRY(kind->upload(s->lane, s->rgb, image->rgb, pixels * 3));
    FD_TRY(kind->raster->motion(s->lane, &frame));
    FD_TRY(kind->download(s->lane, image->rgb, s->rgb, pixels * 3));
    FD_TRY(kind->download(s->lane, s->host_mask, s->mask, pixels));
    FD_TRY(kind->lane_sync(s->lane));
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
