/* Options to what will be used. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "dist/dist.h"
#include "run/device.h"
#include "run/environment.h"
#include "run/faces/job.h"
#include "run/faces/resolve.h"
#include "run/faces/staging.h"
#include "run/machine.h"
#include "run/output.h"
#include "run/pairs/pairing.h"
#include "run/usage.h"
#include "run/watch.h"

/* share/facesdist beside the folder of the program, where the pack and the sample photographs are installed. */
fd_error *fd_job_installed(const char *name, char **out)
{
    fd_error *err = NULL;
    char *folder = NULL, *share = NULL;
    FD_TRY(fd_program_folder(&folder));
    FD_TRY(fd_path_join(&share, folder, "../share/facesdist"));
    FD_TRY(fd_path_join(out, share, name));
done:
    free(folder);
    free(share);
    return err;
}

static fd_error *resolve_paths(fd_job *job)
{
    fd_error *err = NULL;
    fd_string text = {0};
    FD_TRY(fd_output_behind(fd_opt_text(job->options, "output"), &job->output));
    fd_escape(job->shown, sizeof job->shown, job->output);
    FD_TRY(fd_string_add(&text, "%s.tmp", job->output));
    job->temporary = text.text;
    text = (fd_string){0};
    FD_TRY(fd_string_add(&text, "%s.journal", job->output));
    job->journal = text.text;
    text = (fd_string){0};
    if (fd_opt_set(job->options, "model"))
        FD_TRY(fd_strdup(&job->model, fd_opt_text(job->options, "model")));
    else
        FD_TRY(fd_job_installed("pack", &job->model));
done:
    free(text.text);
    return err;
}

fd_error *fd_job_resolve(fd_job *job)
{
    fd_error *err = NULL;
    FD_TRY(fd_wanted_check(job->options));
    FD_TRY(resolve_paths(job));
    FD_TRY(fd_comm_agree(job->comm, job->rank == 0 ? fd_output_check(job->output) : NULL));
    FD_TRY(fd_comm_agree(job->comm, fd_staging_check(job)));
    FD_TRY(fd_machine_threads(job->comm, job->options, &job->threads));
    FD_TRY(fd_opt_default(job->options, "memory", (double)(fd_machine_memory() / 5 * 4 / fd_comm_local_ranks(job->comm))));
    job->memory = fd_opt_int(job->options, "memory");
    job->batch = fd_opt_int(job->options, "batch");
    job->decode = (fd_decode_config){.max_pixels = fd_opt_int(job->options, "max-pixels"), .max_scans = fd_opt_int(job->options, "max-scans"),
                                     .max_bytes = (size_t)job->memory, .ignore_exif = fd_opt_choice(job->options, "exif") == 1,
                                     .accept_truncated = fd_opt_flag(job->options, "accept-truncated")};
    fd_comm_set_timeout(job->comm, fd_opt_real(job->options, "timeout"));
done:
    return err;
}

static fd_error *resolve_from_pack(fd_job *job)
{
    fd_error *err = NULL;
    const fd_pack *p = &job->pack;
    char text[96];
    FD_TRY(fd_opt_default(job->options, "min-face", p->min_face));
    if (!fd_opt_set(job->options, "thresholds")) {
        snprintf(text, sizeof text, "%.15g,%.15g,%.15g", p->thresholds[0], p->thresholds[1], p->thresholds[2]);
        FD_TRY(fd_opt_resolve(job->options, "thresholds", text));
    }
    if (!fd_opt_set(job->options, "metric"))
        FD_TRY(fd_opt_resolve(job->options, "metric", fd_metric_at(p->metric)->name));
    FD_TRY(fd_metric_find(fd_opt_text(job->options, "metric"), &job->metric));
    FD_TRY(fd_opt_resolve(job->options, "model", job->model));
done:
    return err;
}

static fd_error *load_own(fd_job *job)
{
    fd_error *err = NULL;
    const int step = fd_watch_begin(job->watch, FD_STAGE_START, job->model, 0);
    err = fd_pack_load(job->model, &job->pack);
    fd_watch_end(job->watch, step);
    FD_TRY(err);
    FD_TRY(resolve_from_pack(job));
    if (job->threads > (int)sysconf(_SC_NPROCESSORS_ONLN))
        fd_say(FD_NORMAL, "%d threads on %ld cores", job->threads, sysconf(_SC_NPROCESSORS_ONLN));
    const fd_cut_format *format = &job->pack.format;
    bool crops = fd_opt_flag(job->options, "save-crops");
    job->shape = (fd_record_shape){job->pack.dim, crops ? (int64_t)format->width * format->height * 3 : 0};
done:
    return err;
}

fd_error *fd_job_load(fd_job *job)
{
    fd_error *err = NULL;
    FD_TRY(fd_comm_agree(job->comm, load_own(job)));
    FD_TRY(fd_device_open(job->comm, job->options, fd_device_arithmetic(fd_opt_text(job->options, "precision")), &job->engine));
    FD_TRY(fd_machine_threads(job->comm, job->options, &job->threads));   /* of the cores that are near the GPU */
    FD_TRY(fd_machine_same_engine(job->comm, job->engine));
    FD_TRY(fd_environment_same(job->comm, job->engine));
    FD_TRY(fd_opt_resolve(job->options, "device", job->engine->kind->name));
    fd_say(FD_NORMAL, "engine %s: %s", job->engine->kind->name, job->engine->kind->description(job->engine));
    fd_usage_watch_gpu(job->usage, job->engine);
done:
    return err;
}

/* What is computed from the embeddings is not pinned by the journal: a matrix that did not fit may be left out by the run that goes on. */
static const char *const after_embeddings[] = {"matrix", "matrix-type", "compress", "topk", "radius", "clusters", "histogram", "include-self"};
enum { AFTER_EMBEDDINGS = sizeof after_embeddings / sizeof *after_embeddings };

static bool is_after_embeddings(const char *name)
{
    bool found = false;
    for (int i = 0; i < AFTER_EMBEDDINGS; i++)
        found = found || strcmp(name, after_embeddings[i]) == 0;
    return found;
}

fd_error *fd_job_pin(fd_job *job)
{
    fd_error *err = NULL;
    char hash[65], *identity = NULL;
    const char *value;
    fd_string arithmetic = {0};
    FD_TRY(fd_manifest_hash(&job->manifest, &job->manifest_hash));
    fd_sha256_text(job->manifest_hash, hash);
    FD_TRY(fd_string_add(&job->pin, "program = facesdist %s\nengine = %s\nisa = %s\nfactor = %.15g\n", fd_version(), job->engine->kind->name,
                         job->engine->kind->isa(job->engine), job->pack.factor));
    if (job->engine->kind->lanes)
        FD_TRY(fd_string_add(&job->pin, "batches = %lld %lld %lld %lld\n", (long long)job->batches.strip, (long long)job->batches.rnet,
                             (long long)job->batches.onet, (long long)job->batches.embedder));
    FD_TRY(fd_environment_arithmetic(job->engine, &arithmetic));
    if (arithmetic.length)
        FD_TRY(fd_string_add(&job->pin, "environment = %s\n", arithmetic.text));
    FD_TRY(fd_pack_identity(&job->pack, &identity));
    FD_TRY(fd_string_add(&job->pin, "%s", identity));
    for (int i = 0; fd_opt_at(job->options, i, &value); i++) {
        const fd_option *option = fd_opt_at(job->options, i, &value);
        if (option->effect == FD_AFFECTS_RESULT && option->type != FD_OPT_ACTION && !is_after_embeddings(option->name))
            FD_TRY(fd_string_add(&job->pin, "--%s = %s\n", option->name, value ? value : ""));
    }
    FD_TRY(fd_string_add(&job->pin, "photographs = %s\n", hash));
    FD_TRY(fd_string_add(&job->journal_pin, "%s", job->pin.text));
    for (int i = 0; fd_opt_at(job->options, i, &value); i++) {
        const char *name = fd_opt_at(job->options, i, &value)->name;
        if (is_after_embeddings(name))
            FD_TRY(fd_string_add(&job->pin, "--%s = %s\n", name, value ? value : ""));
    }
done:
    free(arithmetic.text);
    free(identity);
    return err;
}
