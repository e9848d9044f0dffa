/* Networks: the two that the project makes itself, or one of the user's, by size of the image and of the batch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "net/net.h"
#include "net/zoo.h"
#include "run/bench/single.h"
#include "run/bench/suite.h"
#include "run/machine.h"

enum { NETWORKS = 4, OUTPUTS = 16 };

typedef struct network {
    char name[24];
    uint8_t *bytes;
    size_t n;
    double unit; /* operations of an image, for each of its pixels; NAN: not known yet */
    int64_t fixed; /* the file's own height; 0: it leaves it open */
} network;

/* A point in hand: what each thread reads and writes. */
typedef struct job {
    fd_engine *engine;
    fd_net *net;
    int parts;
    float **in, **out; /* [parts], [parts][OUTPUTS] in the engine's memory */
} job;

static fd_error *run_part(void *self, fd_lane *lane, int part)
{
    const job *j = self;
    return fd_net_run(j->net, lane, j->in[part], j->out + (size_t)part * OUTPUTS);
}

static fd_error *take(job *j)
{
    fd_error *err = NULL;
    const fd_tensor *shape = fd_net_input(j->net);
    const size_t n = (size_t)fd_tensor_count(shape);
    float *host = NULL;
    void *memory;
    uint32_t seed = 1;
    FD_TRY(fd_alloc(&j->in, (size_t)j->parts, sizeof *j->in));
    FD_TRY(fd_alloc(&j->out, (size_t)j->parts * OUTPUTS, sizeof *j->out));
    FD_TRY(fd_alloc(&host, n, sizeof *host));
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        host[i] = (float)(seed >> 8) * 0x1p-23F - 1;
    }
    for (int p = 0; p < j->parts; p++) {
        FD_TRY(j->engine->kind->alloc(j->engine, n * sizeof *host, &memory));
        j->in[p] = memory;
        FD_TRY(fd_single_put(j->engine, memory, host, n * sizeof *host));
        for (int i = 0; i < fd_net_outputs(j->net) && i < OUTPUTS; i++) {
            FD_TRY(j->engine->kind->alloc(j->engine, (size_t)fd_tensor_count(fd_net_output(j->net, i)) * sizeof(float), &memory));
            j->out[p * OUTPUTS + i] = memory;
        }
    }
done:
    free(host);
    return err;
}

static void close_job(job *j)
{
    for (int i = 0; j->in && i < j->parts; i++)
        if (j->in[i])
            j->engine->kind->release(j->engine, j->in[i]);
    for (int i = 0; j->out && i < j->parts * OUTPUTS; i++)
        if (j->out[i])
            j->engine->kind->release(j->engine, j->out[i]);
    free(j->in);
    free(j->out);
    fd_net_close(j->net);
}

/* Weights, and each layer's output written once and read once: what moves when nothing stays in a cache between two layers. */
static double bytes_of(const fd_net *net)
{
    double sum = (double)fd_net_weight_bytes(net);
    for (int i = 0; i < fd_net_layers(net); i++) {
        const fd_net_layer layer = fd_net_layer_at(net, i);
        sum += 8.0 * (double)fd_tensor_count(&layer.output);
    }
    return sum;
}

static fd_error *check_finite(const job *j)
{
    fd_error *err = NULL;
    const size_t n = (size_t)fd_tensor_count(fd_net_output(j->net, 0));
    float *host = NULL;
    FD_TRY(fd_alloc(&host, n, sizeof *host));
    FD_TRY(fd_single_get(j->engine, host, j->out[0], n * sizeof *host));
    for (size_t i = 0; i < n; i++)
        if (!isfinite(host[i]))
            FD_THROW(FD_MISMATCH, "the network's output is not finite");
done:
    free(host);
    return err;
}

static fd_error *measure(fd_session *s, const fd_place *place, network *w, int64_t size, int64_t batch, fd_trial *t)
{
    fd_error *err = NULL;
    const double began = fd_now();
    job j = {.engine = place->engine, .parts = t->threads};
    const fd_net_config config = {.name = w->name, .batch = batch, .height = size, .width = size};
    FD_TRY(fd_net_open(place->engine, w->bytes, w->n, &config, &j.net));
    t->first = fd_now() - began;
    const fd_tensor *shape = fd_net_input(j.net);
    t->operations = fd_net_flop(j.net) * j.parts;
    t->bytes = bytes_of(j.net) * j.parts;
    if (shape->rank == 4) {
        w->fixed = shape->dim[2] == size ? w->fixed : shape->dim[2];
        snprintf(t->series, sizeof t->series, "%s %lld", w->name, (long long)shape->dim[2]);
        w->unit = fd_net_flop(j.net) / (double)batch / (double)(shape->dim[2] * shape->dim[3]);
    }
    if ((double)fd_net_arena_bytes(j.net) * j.parts > 0.6 * (double)fd_machine_memory())
        FD_THROW(FD_NOMEM, "needs %.1f GB of memory", (double)fd_net_arena_bytes(j.net) * j.parts * 1e-9);
    FD_TRY(take(&j));
    FD_TRY(fd_session_measure(s, &(fd_work){place, j.parts, run_part, &j}, t));
    FD_TRY(fd_session_transfer(place, (size_t)fd_tensor_count(shape) * sizeof(float),
                               (size_t)fd_tensor_count(fd_net_output(j.net, 0)) * sizeof(float), t));
    FD_TRY(check_finite(&j));
    FD_TRY(fd_session_add(s, t, began));
done:
    close_job(&j);
    return err;
}

static fd_error *point(fd_session *s, const fd_place *place, int threads, network *w, int64_t size, int64_t batch)
{
    fd_error *err = NULL;
    bool fits;
    const int64_t side = w->fixed ? w->fixed : size;
    fd_trial t = fd_trial_of("nets", place->name, threads, (double)batch, "%s %lld", w->name, (long long)side);
    if (w->fixed && size != 224)
        return NULL; /* the file's own size was measured already */
    t.items = (double)batch * threads;
    t.operations = w->unit * (double)side * (double)side * t.items;
    FD_TRY(fd_session_fits(s, &t, &fits));
    if (!fits)
        goto done;
    fd_error *failed = measure(s, place, w, size, batch, &t);
    const fd_code code = fd_error_code(failed);
    if (code == FD_MISMATCH || code == FD_UNSUPPORTED || code == FD_NOMEM) {
        err = fd_session_pass(s, &t, FD_TRIAL_FAILED, "%s", fd_error_message(failed));
        fd_error_free(failed);
    } else
        err = failed;
done:
    return err;
}

static fd_error *own_file(fd_session *s, network *w)
{
    const char *path = fd_opt_text(s->options, "net"), *slash = path;
    for (const char *p = path; *p; p++)
        slash = *p == '/' ? p + 1 : slash;
    fd_escape(w->name, sizeof w->name, slash);
    return fd_file_read(path, (size_t)1 << 31, &w->bytes, &w->n);
}

static fd_error *load(fd_session *s, network *all, int *n)
{
    fd_error *err = NULL;
    if (fd_opt_set(s->options, "net")) {
        *n = 1;
        FD_TRY(own_file(s, &all[0]));
    }
    for (; !fd_opt_set(s->options, "net") && *n < NETWORKS && fd_zoo_name(*n); ++*n) {
        snprintf(all[*n].name, sizeof all->name, "%s", fd_zoo_name(*n));
        FD_TRY(fd_zoo_make(fd_zoo_name(*n), &all[*n].bytes, &all[*n].n));
    }
    for (int i = 0; i < *n; i++)
        all[i].unit = NAN;
    s->start = fd_now(); /* making them is no part of what is measured */
done:
    return err;
}

/* Every size at every batch, the small batches first: a short budget then shows something of each network. */
static fd_error *run(fd_session *s)
{
    fd_error *err = NULL;
    static const int64_t sizes[] = {224, 512, 1024};
    network all[NETWORKS] = {0};
    int n = 0;
    FD_TRY(load(s, all, &n));
    for (int64_t batch = 1; batch <= 64; batch *= 2)
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < n; i++)
                for (int p = 0; p < s->places; p++) {
                    const fd_place *place = &s->place[p];
                    FD_TRY(point(s, place, place->threads, &all[i], sizes[k], batch));
                    if (batch == 1 && place->threads > 1)
                        FD_TRY(point(s, place, 1, &all[i], sizes[k], batch));
                }
done:
    for (int i = 0; i < n; i++)
        free(all[i].bytes);
    return err;
}

const fd_suite fd_suite_nets = {
    .name = "nets",
    .title = "Neural networks",
    .size = "images of a batch",
    .item = "images",
    .rate = FD_RATE_ITEMS,
    .text = "Two networks that everybody knows: ResNet18 (He et al. 2015), made of large convolutions, and MobileNetV2 (Sandler et al. 2018), "
            "made of many small "
            "ones that take a tenth of the arithmetic and are harder to compute fast. The program makes them itself, with seeded weights: they "
            "recognise nothing, and take exactly as long as ones that do. Images are squares of 224, 512 and 1024 pixels. A batch is what is "
            "computed in one go: larger ones "
            "use a device better, above all a GPU, and each image waits longer for its answer. On a processor each thread computes a batch of "
            "its own; the "
            "images of all of them count.",
    .run = run,
};
