#include "run/faces/provenance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/version.h"
#include "dist/dist.h"
#include "run/environment.h"
#include "run/exchange.h"
#include "run/faces/bound.h"
#include "run/machine.h"
#include "run/run.h"
#include "run/usage.h"

static fd_error *note(fd_provenance *p, const char *name, const char *text)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&p->attribute, &p->capacity, (size_t)p->n_attributes + 1, sizeof *p->attribute));
    fd_attribute *a = &p->attribute[p->n_attributes];
    a->name = a->text = NULL;
    p->n_attributes++;
    char *copy;
    FD_TRY(fd_strdup(&copy, name));
    a->name = copy;
    FD_TRY(fd_strdup(&copy, text));
    a->text = copy;
done:
    return err;
}

static fd_error *note_number(fd_provenance *p, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return note(p, name, text);
}

static fd_error *note_options(fd_provenance *p, const fd_options *o)
{
    fd_error *err = NULL;
    const char *value;
    char name[96];
    for (int i = 0; fd_opt_at(o, i, &value); i++) {
        const fd_option *option = fd_opt_at(o, i, &value);
        if (option->type == FD_OPT_ACTION || !value)
            continue;
        snprintf(name, sizeof name, "option %s", option->name);
        FD_TRY(note(p, name, value));
    }
done:
    return err;
}

static fd_error *note_pack(fd_provenance *p, const fd_pack *pack)
{
    fd_error *err = NULL;
    const fd_pack_file *files[] = {&pack->pnet, &pack->rnet, &pack->onet, &pack->embedder};
    char name[96], hash[65];
    FD_TRY(note(p, "model name", pack->name));
    FD_TRY(note(p, "model version", pack->version));
    FD_TRY(note(p, "model licence", pack->licence));
    FD_TRY(note(p, "model source", pack->source));
    FD_TRY(note(p, "model metric", fd_metric_at((int)pack->metric)->name));
    snprintf(name, sizeof name, "%.17g", pack->threshold);
    FD_TRY(note(p, "model threshold", name));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(name, sizeof name, "sha256 %s", files[i]->name);
        fd_sha256_text(files[i]->hash, hash);
        FD_TRY(note(p, name, hash));
    }
done:
    return err;
}

/* How embeddings crossed between the ranks, and what in the environment changes what the libraries of GPUs do. */
static fd_error *note_exchange(fd_job *job, fd_provenance *p)
{
    fd_error *err = NULL;
    char text[768];
    fd_string environment = {0};
    fd_exchange_text(job->comm, job->exchange, text, sizeof text);
    FD_TRY(note(p, "exchange", text));
    FD_TRY(fd_environment_text(&environment));
    FD_TRY(note(p, "environment", environment.text));
done:
    free(environment.text);
    return err;
}

static fd_error *note_all(fd_job *job, fd_provenance *p)
{
    fd_error *err = NULL;
    char text[256], now[21];
    char *folder = job->names ? NULL : getcwd(NULL, 0);
    fd_utc(now);
    FD_TRY(note(p, "folder", job->names ? job->names->folder : folder ? folder : ""));
    snprintf(text, sizeof text, "facesdist %s", fd_version());
    FD_TRY(note(p, "program", text));
    FD_TRY(note(p, "revision", fd_revision()));
    FD_TRY(note(p, "pin", job->pin.text));
    fd_sha256_text(job->manifest_hash, text);
    FD_TRY(note(p, "manifest sha256", text));
    FD_TRY(note(p, "engine", job->engine->kind->description(job->engine)));
    FD_TRY(note(p, "instruction set", job->engine->kind->isa(job->engine)));
    if (job->usage->gpu)
        FD_TRY(note(p, "NVIDIA driver", fd_nvml_driver(job->usage->gpu)));
    FD_TRY(note(p, "host", fd_comm_host(job->comm)));
    fd_machine_cpu(text, sizeof text);
    FD_TRY(note(p, "processor", text));
    snprintf(text, sizeof text, "%s; %s", fd_comm_library(job->comm), fd_store_library());
    FD_TRY(note(p, "libraries", text));
    FD_TRY(note_exchange(job, p));
    FD_TRY(note_number(p, "ranks", job->ranks));
    FD_TRY(note_number(p, "images from the journal", job->resumed));
    FD_TRY(note_number(p, "files passed over", job->manifest.not_an_image));
    if (getenv("SLURM_JOB_ID"))
        FD_TRY(note(p, "slurm job", getenv("SLURM_JOB_ID")));
    if (getenv("SLURM_RESTART_COUNT"))
        FD_TRY(note(p, "slurm restart count", getenv("SLURM_RESTART_COUNT")));
    FD_TRY(note(p, "started", job->started));
    FD_TRY(note(p, "finished", now));
    FD_TRY(note_pack(p, &job->pack));
    FD_TRY(note_options(p, job->options));
done:
    free(folder);
    return err;
}

/* A table's column of n values of 8 bytes. */
static fd_error *add_column(fd_provenance *p, const char *path, fd_column_type type, int64_t n, void **out)
{
    void *values = NULL;
    fd_error *e = fd_alloc(&values, (size_t)n, 8);
    if (e)
        return e;
    p->column[p->n_tables] = values;
    p->table[p->n_tables++] = (fd_column){.path = path, .type = type, .rank = 1, .dim = {n}, .data = values};
    *out = values;
    return NULL;
}

static fd_error *input_table(fd_provenance *p, const fd_options *o)
{
    const char **name;
    fd_error *e = add_column(p, "/run/inputs", FD_COL_TEXT, fd_positionals(o), (void **)&name);
    for (int i = 0; !e && i < fd_positionals(o); i++)
        name[i] = fd_positional(o, i);
    return e;
}

static fd_error *stage_tables(fd_provenance *p, const fd_stage_row *all, int ranks)
{
    fd_error *err = NULL;
    int64_t n = (int64_t)ranks * FD_STAGES, *rank;
    double *items, *seconds, *bytes;
    const char **name;
    FD_TRY(add_column(p, "/run/stages/rank", FD_COL_I64, n, (void **)&rank));
    FD_TRY(add_column(p, "/run/stages/stage", FD_COL_TEXT, n, (void **)&name));
    FD_TRY(add_column(p, "/run/stages/items", FD_COL_F64, n, (void **)&items));
    FD_TRY(add_column(p, "/run/stages/seconds", FD_COL_F64, n, (void **)&seconds));
    FD_TRY(add_column(p, "/run/stages/bytes", FD_COL_F64, n, (void **)&bytes));
    for (int64_t i = 0; i < n; i++) {
        rank[i] = i / FD_STAGES;
        name[i] = fd_stage_name((fd_stage)(i % FD_STAGES));
        items[i] = all[i].items, seconds[i] = all[i].seconds, bytes[i] = all[i].bytes;
    }
done:
    return err;
}

static fd_error *usage_tables(fd_provenance *p, const fd_usage_row *all, int64_t n)
{
    fd_error *err = NULL;
    int64_t *rank;
    double *seconds, *cpu, *resident;
    FD_TRY(add_column(p, "/run/usage/rank", FD_COL_I64, n, (void **)&rank));
    FD_TRY(add_column(p, "/run/usage/seconds", FD_COL_F64, n, (void **)&seconds));
    FD_TRY(add_column(p, "/run/usage/cpu_seconds", FD_COL_F64, n, (void **)&cpu));
    FD_TRY(add_column(p, "/run/usage/resident_bytes", FD_COL_F64, n, (void **)&resident));
    for (int64_t i = 0; i < n; i++)
        rank[i] = all[i].rank, seconds[i] = all[i].seconds, cpu[i] = all[i].cpu_seconds, resident[i] = all[i].resident;
done:
    return err;
}

/* Rows of ranks that have no GPU, or cannot ask it, are NAN and "". */
static fd_error *gpu_tables(fd_provenance *p, const fd_usage_row *all, int64_t n)
{
    fd_error *err = NULL;
    double *percent, *used, *sm, *memory, *celsius;
    char(*words)[FD_NVML_HELD] = NULL;
    const char **held;
    FD_TRY(add_column(p, "/run/usage/gpu_percent", FD_COL_F64, n, (void **)&percent));
    FD_TRY(add_column(p, "/run/usage/gpu_memory_bytes", FD_COL_F64, n, (void **)&used));
    FD_TRY(add_column(p, "/run/usage/gpu_sm_mhz", FD_COL_F64, n, (void **)&sm));
    FD_TRY(add_column(p, "/run/usage/gpu_memory_mhz", FD_COL_F64, n, (void **)&memory));
    FD_TRY(add_column(p, "/run/usage/gpu_celsius", FD_COL_F64, n, (void **)&celsius));
    FD_TRY(add_column(p, "/run/usage/gpu_held_down_by", FD_COL_TEXT, n, (void **)&held));
    FD_TRY(fd_alloc(&words, (size_t)n, sizeof *words));
    p->words = words;
    for (int64_t i = 0; i < n; i++) {
        const fd_nvml_sample *g = &all[i].gpu;
        percent[i] = g->percent, used[i] = g->memory_bytes, sm[i] = g->sm_mhz, memory[i] = g->memory_mhz, celsius[i] = g->celsius;
        held[i] = fd_nvml_held_text(g->held, words[i]);
    }
done:
    return err;
}

/* Whether any rank could ask its GPU. */
static bool has_gpu(const fd_usage_row *all, int64_t n)
{
    bool found = false;
    for (int64_t i = 0; i < n; i++)
        found = found || !isnan(all[i].gpu.percent) || !isnan(all[i].gpu.memory_bytes) || !isnan(all[i].gpu.sm_mhz);
    return found;
}

/* Device seconds of ranks that have a GPU. */
static fd_error *load_tables(fd_provenance *p, const fd_rank_load *all, int ranks)
{
    fd_error *err = NULL;
    int64_t *rank, gpus = 0, row = 0;
    double *seconds;
    const char **purpose;
    for (int r = 0; r < ranks; r++)
        gpus += all[r].has_gpu;
    if (gpus == 0)
        return NULL;
    FD_TRY(add_column(p, "/run/gpu/rank", FD_COL_I64, gpus * (FD_PURPOSES + 1), (void **)&rank));
    FD_TRY(add_column(p, "/run/gpu/work", FD_COL_TEXT, gpus * (FD_PURPOSES + 1), (void **)&purpose));
    FD_TRY(add_column(p, "/run/gpu/seconds", FD_COL_F64, gpus * (FD_PURPOSES + 1), (void **)&seconds));
    for (int r = 0; r < ranks; r++)
        for (int k = 0; all[r].has_gpu && k <= FD_PURPOSES; k++, row++) {
            rank[row] = r;
            purpose[row] = k < FD_PURPOSES ? fd_purpose_name((fd_purpose)k) : "busy";
            seconds[row] = k < FD_PURPOSES ? all[r].device.of[k] : all[r].device.busy;
        }
done:
    return err;
}

static fd_rank_load load_of(const fd_job *job)
{
    fd_rank_load l = {.threads = job->threads, .has_gpu = job->engine->kind->seconds != NULL, .busy = job->gpu_busy};
    if (!l.has_gpu)
        return l;
    snprintf(l.uuid, sizeof l.uuid, "%s", job->engine->kind->uuid ? job->engine->kind->uuid(job->engine) : "");
    job->engine->kind->seconds(job->engine, &l.device);
    for (int k = 0; k < FD_PURPOSES; k++)
        l.device.of[k] -= job->gpu_before.of[k];
    l.device.busy -= job->gpu_before.busy;
    return l;
}

/* Every rank's rows on rank 0; *all and *n there. */
static fd_error *gather_rows(fd_job *job, const void *own, int64_t own_n, int64_t size, void **all, int64_t *n)
{
    fd_error *err = NULL;
    int64_t *counts = NULL, bytes = own_n * size, total = 0;
    FD_TRY(fd_alloc(&counts, (size_t)job->ranks, sizeof *counts));
    FD_TRY(fd_comm_all_gather_fixed(job->comm, &bytes, counts, sizeof bytes));
    for (int r = 0; r < job->ranks; r++)
        total += counts[r];
    FD_TRY(fd_comm_agree(job->comm, fd_alloc(all, job->rank == 0 ? (size_t)total : 0, 1)));
    FD_TRY(fd_comm_gather(job->comm, own, *all, counts, 0));
    *n = total / size;
done:
    free(counts);
    return err;
}

fd_error *fd_provenance_of(fd_job *job, fd_provenance *out)
{
    fd_error *err = NULL;
    void *stages = NULL, *usage = NULL, *loads = NULL;
    const fd_rank_load own = load_of(job);
    int64_t n = 0;
    FD_TRY(gather_rows(job, job->stages, FD_STAGES, sizeof *job->stages, &stages, &n));
    FD_TRY(gather_rows(job, &own, 1, sizeof own, &loads, &n));
    FD_TRY(gather_rows(job, job->usage->row, job->usage->n, sizeof *job->usage->row, &usage, &n));
    if (job->rank == 0) {
        fd_bound_text(stages, loads, job->ranks, job->bounded_by, sizeof job->bounded_by);
        FD_TRY(note_all(job, out));
        FD_TRY(note(out, "bounded by", job->bounded_by));
        FD_TRY(input_table(out, job->options));
        FD_TRY(stage_tables(out, stages, job->ranks));
        FD_TRY(load_tables(out, loads, job->ranks));
        FD_TRY(usage_tables(out, usage, n));
        if (has_gpu(usage, n))
            FD_TRY(gpu_tables(out, usage, n));
    }
done:
    free(stages);
    free(usage);
    free(loads);
    return err;
}

void fd_provenance_free(fd_provenance *p)
{
    for (int i = 0; i < p->n_attributes; i++) {
        free((char *)p->attribute[i].name);
        free((char *)p->attribute[i].text);
    }
    free(p->attribute);
    for (int i = 0; i < p->n_tables; i++)
        free(p->column[i]);
    free(p->words);
}
