#include "run/pictures/pictures.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/npy.h"
#include "data/partition.h"
#include "run/machine.h"
#include "run/pictures/pictures_private.h"
#include "run/pool.h"
#include "run/run.h"
#include "run/signals.h"

static const int64_t LARGEST_FILE = (int64_t)4 << 30;

fd_raster fd_raster_of(const fd_image *image)
{
    const fd_sample_type type = image->depth == 32 ? FD_SAMPLE_F32 : image->depth == 16 ? FD_SAMPLE_U16 : FD_SAMPLE_U8;
    return (fd_raster){image->rgb, image->width, image->height, image->channels, type};
}

fd_error *fd_raster_apply(fd_lane *lane, fd_image *image, bool in_place, fd_raster_call *run, const void *self)
{
    fd_error *err = NULL;
    const fd_engine_kind *kind = lane->engine->kind;
    const fd_raster host = fd_raster_of(image);
    fd_raster from = host, to = host;
    const size_t bytes = (size_t)fd_raster_bytes(&host);
    from.data = to.data = NULL;
    FD_TRY(kind->alloc(lane->engine, bytes, &from.data));
    if (in_place)
        to.data = from.data;
    else
        FD_TRY(kind->alloc(lane->engine, bytes, &to.data));
    FD_TRY(kind->upload(lane, from.data, host.data, bytes));
    FD_TRY(run(self, lane, &from, &to));
    FD_TRY(kind->download(lane, host.data, to.data, bytes));
    FD_TRY(kind->lane_sync(lane));
done:
    if (to.data && to.data != from.data)
        kind->release(lane->engine, to.data);
    if (from.data)
        kind->release(lane->engine, from.data);
    return err;
}

/* --- start --------------------------------------------------------------------------------------------------------------------------- */

static fd_error *open_engine(fd_job *job)
{
    fd_error *err = NULL;
    const fd_engine_config config = {.isa = fd_opt_text(job->options, "isa")};
    FD_TRY(fd_engine_open(fd_opt_text(job->options, "device"), &config, &job->engine));
    if (!job->engine->kind->raster)
        FD_THROW(FD_UNSUPPORTED, "engine %s has no operators on pictures: --device cpu has", job->engine->kind->name);
    fd_say(FD_VERBOSE, "engine: %s", job->engine->kind->description(job->engine));
done:
    return err;
}

fd_error *fd_pictures_resolve_machine(fd_pictures *p)
{
    fd_error *err = NULL;
    int cores = 1;
    fd_job *job = &p->job;
    fd_options *o = job->options;
    FD_TRY(fd_machine_cores(job->comm, &cores));
    FD_TRY(fd_opt_default(o, "threads", cores));
    FD_TRY(fd_opt_default(o, "memory", (double)(fd_machine_memory() / 5 * 4 / fd_comm_local_ranks(job->comm))));
    job->threads = (int)fd_opt_int(o, "threads");
    job->memory = fd_opt_int(o, "memory");
    fd_comm_set_timeout(job->comm, fd_opt_real(o, "timeout"));
    FD_TRY(fd_comm_agree(job->comm, open_engine(job)));
done:
    return err;
}

fd_error *fd_pictures_resolve(fd_pictures *p)
{
    fd_error *err = NULL;
    fd_job *job = &p->job;
    const fd_options *o = job->options;
    FD_TRY(fd_pictures_resolve_machine(p));
    job->decode = (fd_decode_config){.max_pixels = fd_opt_int(o, "max-pixels"), .max_scans = fd_opt_int(o, "max-scans"), .max_bytes = (size_t)job->memory,
                                     .as_stored = true, .ignore_exif = fd_opt_choice(o, "exif") == 1, .accept_truncated = fd_opt_flag(o, "accept-truncated")};
    p->format = (fd_picture_format)fd_opt_choice(o, "format");
    p->quality = (int)fd_opt_int(o, "quality");
    p->compression = (int)fd_opt_int(o, "compression");
done:
    return err;
}

fd_error *fd_pictures_share_out(fd_pictures *p)
{
    fd_error *err = NULL;
    const fd_manifest *m = &p->job.manifest;
    double *cost = NULL;
    FD_TRY(fd_alloc(&cost, (size_t)m->n, sizeof *cost));
    FD_TRY(fd_alloc(&p->first, (size_t)p->job.ranks + 1, sizeof *p->first));
    FD_TRY(fd_alloc(&p->verdict, (size_t)m->n, sizeof *p->verdict));
    for (int64_t i = 0; i < m->n; i++)
        cost[i] = fd_entry_cost(&m->entry[i].probe);
    fd_partition(cost, m->n, p->job.ranks, p->first);
done:
    free(cost);
    return err;
}

/* --- one picture --------------------------------------------------------------------------------------------------------------------- */

/* Decoding, twice the picture in the engine, and the file that is made of it; 16 bytes a pixel at most. */
int64_t fd_pictures_bytes(const fd_pictures *p, int64_t i)
{
    const fd_probe *probe = &p->job.manifest.entry[i].probe;
    return probe->bytes + (int64_t)fd_decode_bytes(probe->width, probe->height) + (int64_t)probe->width * probe->height * 4 * 16;
}

static int64_t bytes_of(void *self, int64_t i)
{
    return fd_pictures_bytes(self, i);
}

static fd_verdict verdict_of(const fd_image *image)
{
    fd_verdict v = {.status = image->status};
    snprintf(v.detail, sizeof v.detail, "%.*s", (int)sizeof v.detail - 1, image->detail);
    return v;
}

/* float32 [height][width][channels] */
static fd_error *write_array(const char *path, const fd_image *image)
{
    const fd_npy array = {.rank = 3, .dim = {image->height, image->width, image->channels}, .data = (float *)(void *)image->rgb};
    return fd_npy_write(path, &array);
}

fd_error *fd_pictures_write(const fd_pictures *p, int64_t i, const fd_image *image)
{
    fd_error *err = NULL;
    char *path = NULL;
    FD_TRY(fd_pictures_path(p, i, &path));
    FD_TRY(p->format == FD_PICTURE_NPY    ? write_array(path, image)
           : p->format == FD_PICTURE_JPEG ? fd_jpeg_write_image(path, image, p->quality)
                                          : fd_png_write_image(path, image, p->compression));
done:
    free(path);
    return err;
}

fd_error *fd_pictures_read(const fd_pictures *p, int64_t i, fd_image *image, fd_verdict *verdict)
{
    fd_error *err = NULL;
    const fd_entry *entry = &p->job.manifest.entry[i];
    fd_content content = {0};
    *verdict = fd_entry_verdict(entry);
    if (verdict->status != FD_IMAGE_OK)
        return NULL;
    FD_TRY(fd_read_entry(entry->path, (size_t)LARGEST_FILE, &content));
    *verdict = content.verdict;
    if (verdict->status != FD_IMAGE_OK)
        goto done;
    FD_TRY(fd_decode(content.bytes, content.n, &p->job.decode, image));
    *verdict = verdict_of(image);
done:
    fd_content_free(&content);
    return err;
}

static fd_error *do_picture(void *self, fd_lane *lane, int64_t i)
{
    fd_error *err = NULL;
    fd_pictures *p = self;
    fd_image image = {0};
    FD_TRY(fd_pictures_read(p, i, &image, &p->verdict[i]));
    if (p->verdict[i].status != FD_IMAGE_OK)
        goto done;
    FD_TRY(p->work->apply(p->work->self, lane, p->format == FD_PICTURE_NPY, &image));
    FD_TRY(fd_pictures_write(p, i, &image));
done:
    fd_image_free(&image);
    return err;
}

/* --- the job ------------------------------------------------------------------------------------------------------------------------- */

static fd_error *gather_verdicts(fd_pictures *p)
{
    fd_error *err = NULL;
    int64_t *counts = NULL;
    FD_TRY(fd_comm_agree(p->job.comm, fd_alloc(&counts, (size_t)p->job.ranks, sizeof *counts)));
    for (int r = 0; r < p->job.ranks; r++)
        counts[r] = (p->first[r + 1] - p->first[r]) * (int64_t)sizeof *p->verdict;
    FD_TRY(fd_comm_all_gather(p->job.comm, p->verdict + p->first[p->job.rank], p->verdict, counts));
done:
    free(counts);
    return err;
}

fd_error *fd_pictures_finish(fd_pictures *p, bool interrupted, int *exit_code)
{
    fd_error *err = NULL;
    int64_t failed = 0;
    const fd_job *job = &p->job;
    if (interrupted) {
        fd_say(FD_NORMAL, "interrupted: %s that are there are whole; the same command makes all of them", p->work->what);
        *exit_code = FD_EXIT_INTERRUPTED;
        return NULL;
    }
    FD_TRY(gather_verdicts(p));
    FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? fd_pictures_report(p, &failed) : NULL));
    FD_TRY(fd_comm_reduce_i64(job->comm, &failed, 1, FD_COMBINE_MAX));
    *exit_code = failed > 0 && fd_opt_flag(job->options, "strict") ? FD_EXIT_STRICT : FD_EXIT_OK;
done:
    return err;
}

static fd_error *run(fd_pictures *p, int *exit_code)
{
    fd_error *err = NULL;
    bool interrupted;
    fd_job *job = &p->job;
    FD_TRY(fd_pictures_resolve(p));
    FD_TRY(fd_job_scan(job));
    FD_TRY(fd_pictures_place(p));
    FD_TRY(fd_comm_agree(job->comm, fd_pictures_share_out(p)));
    const fd_pool pool = {.comm = job->comm, .engine = job->engine, .threads = job->threads, .first = p->first[job->rank], .last = p->first[job->rank + 1],
                          .all = job->manifest.n, .what = "pictures", .memory = job->memory / 2, .bytes = bytes_of, .work = do_picture, .self = p};
    FD_TRY(fd_pool_run(&pool, &interrupted));
    FD_TRY(fd_pictures_finish(p, interrupted, exit_code));
done:
    return err;
}

fd_pictures fd_pictures_begin(fd_comm *c, fd_options *o)
{
    return (fd_pictures){.job = {.comm = c, .options = o, .rank = fd_comm_rank(c), .ranks = fd_comm_ranks(c), .start = fd_now()}};
}

void fd_pictures_free(fd_pictures *p)
{
    fd_picture_names_free(p->name, p->job.manifest.n);
    fd_engine_close(p->job.engine);
    fd_manifest_free(&p->job.manifest);
    free(p->output);
    free(p->first);
    free(p->verdict);
}

fd_error *fd_run_pictures(fd_comm *c, fd_options *o, const fd_picture_work *work, int *exit_code)
{
    fd_pictures p = fd_pictures_begin(c, o);
    p.work = work;
    fd_signals_catch();
    fd_error *err = run(&p, exit_code);
    fd_pictures_free(&p);
    return err;
}
