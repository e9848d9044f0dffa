#include "run/faces/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "data/entry.h"
#include "run/faces/reuse.h"
#include "run/faces/staging.h"
#include "run/watch.h"

/* One image in hand. */
typedef struct item {
    fd_outcome outcome;
    fd_image image;
    bool reused;
} item;

int64_t fd_batch_bytes(const fd_job *job, int64_t image)
{
    const fd_probe *p = &job->manifest.entry[image].probe;
    if (p->status != FD_IMAGE_OK || (int64_t)p->width * p->height > job->decode.max_pixels)
        return p->bytes + 1;   /* read, but not decoded */
    return p->bytes + (int64_t)fd_decode_bytes(p->width, p->height);
}

/* What its pixels take, decoded; as the scan saw it. */
static size_t pixel_bytes(const fd_job *job, int64_t image)
{
    const fd_probe *p = &job->manifest.entry[image].probe;
    return p->status == FD_IMAGE_OK && (int64_t)p->width * p->height <= job->decode.max_pixels ? fd_slab_bytes(p->width, p->height) : 0;
}

static fd_error *read_file(const fd_job *job, const fd_entry *entry, fd_content *out)
{
    const int step = fd_watch_begin(job->watch, FD_STAGE_READ, entry->path, entry->probe.bytes);
    fd_error *e = fd_read_entry(entry->path, (size_t)FD_LARGEST_FILE, out);
    fd_watch_end(job->watch, step);
    return e;
}

/* Reads and decodes; what is wrong with the data is in the outcome. */
static fd_error *read_one(fd_worker *w, int64_t id, item *it)
{
    fd_error *err = NULL;
    const fd_job *job = w->job;
    const fd_entry *entry = &job->manifest.entry[id];
    fd_decode_config config = job->decode;
    fd_content file = {0};
    double mark = fd_now();
    fd_outcome *o = &it->outcome;
    *o = (fd_outcome){.image = id, .read_at = fd_wall(), .width = entry->probe.width, .height = entry->probe.height, .status = entry->probe.status};
    snprintf(o->detail, sizeof o->detail, "%s", entry->detail ? entry->detail : "");
    if (o->status != FD_IMAGE_OK)
        return NULL;
    if (!fd_staging_take(job->staging, id, &file, &o->read_at))
        FD_TRY(read_file(job, entry, &file));
    o->status = file.verdict.status;
    snprintf(o->detail, sizeof o->detail, "%s", file.verdict.detail);
    if (o->status == FD_IMAGE_OK && (int64_t)file.n != entry->probe.bytes) {
        o->status = FD_IMAGE_CHANGED;
        snprintf(o->detail, sizeof o->detail, "%lld bytes at the scan, %zu when it was read", (long long)entry->probe.bytes, file.n);
    }
    if (o->status != FD_IMAGE_OK)
        goto done;
    o->sha256 = fd_sha256_of(file.bytes, file.n);
    fd_stage_add(w->stages, FD_STAGE_READ, &mark, 1, (double)file.n);
    int64_t read_at = o->read_at;
    it->reused = job->reuse && fd_reuse_find(job->reuse, entry->key, &o->sha256, o);
    o->image = id, o->read_at = read_at;
    if (it->reused)
        goto done;
    config.slab = &w->slab;
    err = fd_decode(file.bytes, file.n, &config, &it->image);
    if (fd_error_code(err) == FD_NOMEM) {   /* this image's fault: recorded, the run goes on */
        it->image.status = FD_IMAGE_OUT_OF_MEMORY;
        snprintf(it->image.detail, sizeof it->image.detail, "%s", fd_error_message(err));
        fd_error_free(err);
        err = NULL;
    }
    o->status = (uint8_t)it->image.status;
    o->flags = it->image.flags;
    o->width = it->image.width, o->height = it->image.height;
    snprintf(o->detail, sizeof o->detail, "%s", it->image.detail);
    fd_stage_add(w->stages, FD_STAGE_DECODE, &mark, 1, (double)o->width * o->height * 3);
done:
    fd_content_free(&file);
    return err;
}

/* Embeds the faces that were found and points the outcomes at them. */
static fd_error *embed(fd_worker *w, fd_picture *const *pictures, const fd_faces *faces, item *const *owner, int n)
{
    fd_error *err = NULL;
    const fd_record_shape shape = w->job->shape;
    size_t m = 0;
    for (int i = 0; i < n; i++)
        m += (size_t)faces[i].n;
    FD_TRY(fd_grow(&w->embedding, &w->embeddings, m * (size_t)shape.dim, sizeof *w->embedding));
    FD_TRY(fd_grow(&w->valid, &w->valids, m, 1));
    FD_TRY(fd_grow(&w->crop, &w->crops, m * (size_t)shape.crop_bytes, 1));
    FD_TRY(fd_embed(w->job->analyzer, w->lane, pictures, faces, n, w->embedding, w->valid, shape.crop_bytes ? w->crop : NULL));
    size_t first = 0;
    for (int i = 0; i < n; i++) {
        fd_outcome *o = &owner[i]->outcome;
        o->faces = faces[i].n;
        o->face = faces[i].face;
        o->valid = w->valid + first;
        o->embedding = w->embedding + first * (size_t)shape.dim;
        o->crop = shape.crop_bytes ? w->crop + first * (size_t)shape.crop_bytes : NULL;
        if (o->faces == 0) {
            o->status = FD_IMAGE_NO_FACE;
        }
        first += (size_t)faces[i].n;
    }
done:
    return err;
}

/* Everything that happens on the engine, for the images that were decoded. */
static fd_error *analyze_on_lane(fd_worker *w, item *items, int n, fd_faces *faces)
{
    fd_error *err = NULL;
    fd_picture **pictures = NULL;
    item **owner = NULL;
    int m = 0;
    double mark = fd_now(), pixels = 0;
    const fd_image_table *engine = w->job->engine->kind->image;
    char label[64];
    snprintf(label, sizeof label, "%d photographs from %lld on", n, (long long)items->outcome.image);
    fd_lane_begin(w->lane, FD_PURPOSE_OTHER, label);
    FD_TRY(fd_alloc(&pictures, (size_t)n, sizeof *pictures));
    FD_TRY(fd_alloc(&owner, (size_t)n, sizeof *owner));
    for (int i = 0; i < n; i++)
        if (items[i].image.rgb) {
            const fd_image *im = &items[i].image;
            FD_TRY(engine->picture_open(w->lane, im->rgb, im->width, im->height, (int64_t)im->width * 3, &pictures[m]));
            pixels += (double)im->width * im->height;
            owner[m++] = &items[i];
        }
    FD_TRY(fd_detect(w->job->analyzer, w->lane, pictures, m, faces));
    fd_stage_add(w->stages, FD_STAGE_DETECT, &mark, m, 3 * pixels);
    FD_TRY(embed(w, pictures, faces, owner, m));
    int found = 0;
    for (int i = 0; i < m; i++)
        found += faces[i].n;
    fd_stage_add(w->stages, FD_STAGE_EMBED, &mark, found, (double)found * (double)w->job->shape.dim * 4);
done:
    for (int i = 0; pictures && i < m; i++)
        engine->picture_close(pictures[i]);
    fd_lane_end(w->lane);
    free(pictures);
    free(owner);
    return err;
}

/* On the worker's own lane, or on one that it takes for as long as this lasts. */
static fd_error *analyze(fd_worker *w, item *items, int n, fd_faces *faces)
{
    if (!w->lanes)
        return analyze_on_lane(w, items, n, faces);
    w->lane = fd_lanes_take(w->lanes);
    fd_error *err = analyze_on_lane(w, items, n, faces);
    fd_lanes_give(w->lanes, w->lane);
    w->lane = NULL;
    return err;
}

static fd_error *append(fd_worker *w)
{
    const int step = fd_watch_begin(w->job->watch, FD_STAGE_JOURNAL, w->job->journal, (int64_t)w->payload.n);
    fd_error *e = fd_journal_append(w->journal, w->payload.bytes, w->payload.n, 1);
    fd_watch_end(w->job->watch, step);
    return e;
}

static fd_error *record(fd_worker *w, const item *items, int n)
{
    fd_error *err = NULL;
    double mark = fd_now();
    const uint8_t type = FD_RECORD_OUTCOMES;
    w->payload.n = 0;
    FD_TRY(fd_payload_add(&w->payload, &type, 1));
    for (int i = 0; i < n; i++) {
        FD_TRY(fd_record_add(&w->payload, &items[i].outcome, w->job->shape));
        w->reused += items[i].reused;
    }
    FD_TRY(append(w));
    fd_stage_add(w->stages, FD_STAGE_JOURNAL, &mark, n, (double)w->payload.n);
done:
    return err;
}

/* What is known of an image that does not fit into memory even alone. */
static fd_error *record_too_big(fd_worker *w, int64_t id, fd_error *e)
{
    const fd_probe *p = &w->job->manifest.entry[id].probe;
    item it = {.outcome = {.image = id, .read_at = fd_wall(), .width = p->width, .height = p->height, .status = FD_IMAGE_OUT_OF_MEMORY}};
    snprintf(it.outcome.detail, sizeof it.outcome.detail, "%s", fd_error_message(e));
    fd_error_free(e);
    return record(w, &it, 1);
}

static fd_error *run_together(fd_worker *w, const int64_t *id, int n)
{
    fd_error *err = NULL;
    item *items = NULL;
    fd_faces *faces = NULL;
    size_t pixels = 0;
    for (int i = 0; i < n; i++)
        pixels += pixel_bytes(w->job, id[i]);
    FD_TRY(fd_depot_take(w->depot, pixels, &w->slab));
    FD_TRY(fd_alloc(&items, (size_t)n, sizeof *items));
    FD_TRY(fd_alloc(&faces, (size_t)n, sizeof *faces));
    for (int i = 0; i < n; i++)
        FD_TRY(read_one(w, id[i], &items[i]));
    FD_TRY(analyze(w, items, n, faces));
    FD_TRY(record(w, items, n));
done:
    for (int i = 0; items && i < n; i++)
        fd_image_free(&items[i].image);
    for (int i = 0; faces && i < n; i++)
        fd_faces_free(&faces[i]);
    free(items);
    free(faces);
    fd_depot_give(w->depot, &w->slab);
    return err;
}

/* Where memory is short the images go one by one; one that does not fit alone is recorded, and the run goes on. */
fd_error *fd_batch_run(fd_worker *w, const int64_t *id, int n)
{
    fd_error *e = run_together(w, id, n);
    if (fd_error_code(e) != FD_NOMEM)
        return e;
    if (n == 1)
        return record_too_big(w, id[0], e);
    fd_error_free(e);
    e = NULL;
    for (int i = 0; i < n && !e; i++)
        e = fd_batch_run(w, id + i, 1);
    return e;
}

void fd_worker_free(fd_worker *w)
{
    fd_lane_close(w->lane);
    free(w->payload.bytes);
    free(w->embedding);
    free(w->valid);
    free(w->crop);
}
