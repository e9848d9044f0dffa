#include "run/bench/rasters.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/bench/single.h"

/* A thread's arrays. */
typedef struct desk {
    fd_raster from, to;
    void *more;
} desk;

typedef struct job {
    const fd_raster_series *series;
    fd_engine *engine;
    desk *desk;
    int parts;
} job;

static fd_error *run_part(void *self, fd_lane *lane, int part)
{
    const job *j = self;
    const desk *d = &j->desk[part];
    return j->series->run(j->series, lane, &d->from, &d->to, d->more);
}

/* Pixels that no two neighbours share, as whole numbers of the type. */
static fd_error *make_picture(size_t bytes, fd_sample_type type, void **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc_aligned(out, bytes, 1));
    uint32_t seed = 1;
    const size_t n = type == FD_SAMPLE_F32 ? bytes / sizeof(float) : bytes;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        if (type == FD_SAMPLE_F32)
            ((float *)*out)[i] = (float)(seed >> 24);
        else
            ((uint8_t *)*out)[i] = (uint8_t)(seed >> 24);
    }
done:
    return err;
}

static fd_error *open_job(job *j, int64_t width, int64_t height)
{
    fd_error *err = NULL;
    void *host = NULL;
    fd_raster r = {NULL, (int32_t)width, (int32_t)height, j->series->channels, j->series->type};
    const size_t bytes = (size_t)fd_raster_bytes(&r);
    FD_TRY(fd_alloc(&j->desk, (size_t)j->parts, sizeof *j->desk));
    FD_TRY(make_picture(bytes, r.type, &host));
    for (int i = 0; i < j->parts; i++) {
        desk *d = &j->desk[i];
        d->from = d->to = r;
        FD_TRY(j->engine->kind->alloc(j->engine, bytes, &d->from.data));
        FD_TRY(fd_single_put(j->engine, d->from.data, host, bytes));
        d->to.data = d->from.data;
        if (!j->series->in_place)
            FD_TRY(j->engine->kind->alloc(j->engine, bytes, &d->to.data));
        FD_TRY(j->engine->kind->alloc(j->engine, (size_t)(width * height), &d->more));
    }
done:
    free(host);
    return err;
}

static void close_job(job *j)
{
    for (int i = 0; j->desk && i < j->parts; i++) {
        desk *d = &j->desk[i];
        if (d->to.data && d->to.data != d->from.data)
            j->engine->kind->release(j->engine, d->to.data);
        if (d->from.data)
            j->engine->kind->release(j->engine, d->from.data);
        if (d->more)
            j->engine->kind->release(j->engine, d->more);
    }
    free(j->desk);
}

static fd_error *measure(fd_session *s, const fd_raster_series *series, const fd_place *p, int64_t width, int64_t height, fd_trial *t)
{
    fd_error *err = NULL;
    const double began = fd_now();
    job j = {.series = series, .engine = p->engine, .parts = t->threads};
    FD_TRY(open_job(&j, width, height));
    const size_t bytes = (size_t)fd_raster_bytes(&j.desk[0].from);
    FD_TRY(fd_session_measure(s, &(fd_work){p, j.parts, run_part, &j}, t));
    FD_TRY(fd_session_transfer(p, bytes, bytes, t));
    FD_TRY(fd_session_add(s, t, began));
done:
    close_job(&j);
    return err;
}

static fd_error *point(fd_session *s, const fd_raster_series *series, const fd_place *p, int64_t width, int64_t height)
{
    fd_error *err = NULL;
    bool fits;
    const double pixels = (double)width * (double)height;
    fd_trial t = fd_trial_of(series->suite, p->name, p->threads, pixels * 1e-6, "%s", series->name);
    t.items = p->threads;
    t.operations = series->pixel_operations * pixels * p->threads;
    t.bytes = series->bytes * pixels * p->threads;
    if (!p->engine->kind->raster)
        return fd_session_pass(s, &t, FD_TRIAL_NOT_BUILT, "engine %s has no operators on pictures", p->name);
    FD_TRY(fd_session_fits(s, &t, &fits));
    if (fits)
        FD_TRY(measure(s, series, p, width, height, &t));
done:
    return err;
}

fd_error *fd_rasters_run(fd_session *s, const fd_raster_series *series, int n)
{
    fd_error *err = NULL;
    static const int64_t sizes[][2] = {{640, 480}, {1920, 1080}, {4000, 3000}, {8000, 6000}, {12000, 8334}}; /* the last: 100 Mpx */
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (int i = 0; i < n; i++)
            for (int p = 0; p < s->places; p++)
                FD_TRY(point(s, &series[i], &s->place[p], sizes[k][0], sizes[k][1]));
done:
    return err;
}
