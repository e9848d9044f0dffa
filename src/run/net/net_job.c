#include "run/net/net_job.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/npy.h"
#include "net/zoo.h"
#include "run/device.h"
#include "run/net/net_bench.h"
#include "run/output.h"
#include "run/run.h"

static const fd_option options[] = {
    {"input", 0, FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RESULT, "Data",
     "Samples as a .npy file (float32, C order, the batch first); without it, seeded random numbers."},
    {"output-file", 'o', FD_OPT_TEXT, NULL, "FILE", NULL, 0, 0, FD_AFFECTS_RUN, "Data",
     "Where `run` writes an output, as .npy, and `make` its network; NAME.onnx by default."},
    {"output", 0, FD_OPT_TEXT, NULL, "NAME", NULL, 0, 0, FD_AFFECTS_RESULT, "Data", "Which output `run` writes; the first by default."},
    {"batch", 0, FD_OPT_INT, NULL, "N", NULL, 1, 65536, FD_AFFECTS_RUN, "Shape",
     "Samples per run; by default all of the input, else the file's batch, else 1. The last batch is filled up with zeros."},
    {"size", 0, FD_OPT_TEXT, NULL, "HxW", NULL, 0, 0, FD_AFFECTS_RESULT, "Shape",
     "Height and width of the input where the file leaves them open and no --input says them."},
    {"device", 0, FD_OPT_TEXT, "auto", "NAME", NULL, 0, 0, FD_AFFECTS_RESULT, "Engine", "auto, cpu, ref, cuda or cuda:N."},
    {"isa", 0, FD_OPT_TEXT, "auto", "NAME", NULL, 0, 0, FD_AFFECTS_RESULT, "Engine",
     "Highest instruction set to use: auto, sse41, avx2 or avx512."},
    {"precision", 0, FD_OPT_CHOICE, "f32", NULL, "f32|tf32|f16|bf16", 0, 0, FD_AFFECTS_RESULT, "Engine", "What a GPU multiplies in; sums are float32."},
    {"fused", 0, FD_OPT_FLAG, "true", NULL, NULL, 0, 0, FD_AFFECTS_RESULT, "Engine",
     "Let the engine take a P-Net whole; --no-fused runs it layer by layer."},
    {"threads", 0, FD_OPT_INT, "1", "N", NULL, 1, 1024, FD_AFFECTS_RUN, "Timing",
     "Lanes that `time` runs at once, each on a thread of its own."},
    {"runs", 0, FD_OPT_INT, "20", "N", NULL, 1, 1000000, FD_AFFECTS_RUN, "Timing",
     "Runs that `time` measures, per thread, after a warm-up."},
};

const fd_program fd_net_program = {
    .name = "facesdist-net",
    .summary = "look at an ONNX network, run it, time it",
    .usage = "facesdist-net info|run|time MODEL.onnx [options] | make resnet18|mobilenetv2 [-o FILE]",
    .description = "info prints the layers as they will run, shapes, operations, memory and operators that are not supported (exit 1 when "
                   "there are any). run computes one output for the samples of --input and writes it to -o. time prints one line, "
                   "milliseconds per item: min, median and max. make writes a network of a published architecture with "
                   "seeded weights, for benchmarks and teaching: it recognises nothing.",
    .options = options,
    .n = sizeof options / sizeof *options,
    .min_positional = 2,
    .max_positional = 2,
};

typedef struct job {
    const fd_options *options;
    const char *path;
    uint8_t *bytes;
    size_t n;
    fd_npy samples;             /* of --input */
    fd_bench bench;
} job;

static void fill_random(float *data, int64_t n)
{
    uint64_t state = 1;
    for (int64_t i = 0; i < n; i++) {   /* splitmix64, mapped to [-1, 1) */
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        data[i] = (float)(int64_t)((z ^ z >> 31) >> 40) * 0x1p-23f - 1;
    }
}

static fd_error *read_size(const job *j, fd_net_config *config)
{
    const char *text = fd_opt_text(j->options, "size");
    long long height, width;
    char rest;
    if (!text)
        return NULL;
    if (sscanf(text, "%lldx%lld%c", &height, &width, &rest) != 2 || height < 1 || width < 1 || height > 1 << 20 || width > 1 << 20)
        return FD_FAIL(FD_USAGE, "--size wants HxW, as in 480x640, not '%s'", text);
    config->height = height;
    config->width = width;
    return NULL;
}

/* The shape of one batch as --input has it. */
static fd_error *shape_of_samples(const job *j, fd_tensor *shape)
{
    *shape = (fd_tensor){.rank = j->samples.rank};
    if (shape->rank < 1 || shape->rank > FD_MAX_RANK || j->samples.dim[0] < 1)
        return FD_FAIL(FD_USAGE, "--input has %d dimensions or no samples", shape->rank);
    for (int i = 0; i < shape->rank; i++)
        shape->dim[i] = j->samples.dim[i];
    if (fd_opt_given(j->options, "batch"))
        shape->dim[0] = fd_opt_int(j->options, "batch");
    return NULL;
}

/* A file that fixes its batch and cannot run with another one takes the samples in batches of its own. */
static fd_error *open_file(job *j, fd_net_config *config)
{
    fd_error *err = fd_net_open(j->bench.engine, j->bytes, j->n, config, &j->bench.net);
    if (fd_error_code(err) != FD_UNSUPPORTED || !j->samples.data || fd_opt_given(j->options, "batch"))
        return err;
    config->batch = 0;
    fd_error *again = fd_net_open(j->bench.engine, j->bytes, j->n, config, &j->bench.net);
    if (!again) {
        fd_say(FD_NORMAL, "%s; it runs on %lld at a time", fd_error_message(err), (long long)fd_net_input(j->bench.net)->dim[0]);
        fd_error_free(err);
        return NULL;
    }
    fd_error_free(again);
    return err;
}

static fd_error *open_net(job *j)
{
    fd_error *err = NULL;
    fd_tensor shape;
    fd_net_config config = {.name = j->path, .any_size = fd_opt_flag(j->options, "fused")};
    fd_engine_config engine = {.isa = fd_opt_text(j->options, "isa"), .arithmetic = fd_device_arithmetic(fd_opt_text(j->options, "precision"))};
    FD_TRY(read_size(j, &config));
    config.batch = fd_opt_given(j->options, "batch") ? fd_opt_int(j->options, "batch") : 0;
    if (j->samples.data) {
        FD_TRY(shape_of_samples(j, &shape));
        config.shape = &shape;
        config.batch = shape.dim[0];
    }
    FD_TRY(fd_engine_open(fd_opt_text(j->options, "device"), &engine, &j->bench.engine));
    fd_say(FD_VERBOSE, "engine: %s", j->bench.engine->kind->description(j->bench.engine));
    FD_TRY(open_file(j, &config));
    j->bench.input = *fd_net_input(j->bench.net);
    if (fd_net_any_size(j->bench.net)) {   /* one image at a time, of the size that was asked for */
        if (j->samples.data && (j->samples.rank != 4 || j->samples.dim[1] != 3 || j->samples.dim[2] < 12 || j->samples.dim[3] < 12))
            FD_THROW(FD_USAGE, "--input must be [n][3][height][width] of 12x12 or more");
        j->bench.input.dim[2] = j->samples.data ? j->samples.dim[2] : config.height;
        j->bench.input.dim[3] = j->samples.data ? j->samples.dim[3] : config.width;
    }
done:
    return err;
}

/* "2x3x112x112"; with open ends "1x3xHxW". */
static void shape_text(const fd_tensor *t, bool any_size, char out[128])
{
    int at = snprintf(out, 128, "%s", t->rank ? "" : "scalar");
    for (int i = 0; i < t->rank; i++)
        if (any_size && i > 1)
            at += snprintf(out + at, (size_t)(128 - at), "x%c", i == 2 ? 'H' : 'W');
        else
            at += snprintf(out + at, (size_t)(128 - at), "%s%lld", i ? "x" : "", (long long)t->dim[i]);
}

static void print_layers(const fd_net *net)
{
    int width = 4;
    for (int i = 0; i < fd_net_layers(net); i++)
        width = (int)strlen(fd_net_layer_at(net, i).name) > width ? (int)strlen(fd_net_layer_at(net, i).name) : width;
    static const char *const layouts[] = {[FD_PLAIN] = "plain", [FD_BLOCKED] = "blocked", [FD_LANES] = "lanes"};
    printf("\n%4s  %-10s  %-*s  %-16s %-8s %10s %10s\n", "#", "operator", width, "name", "output", "layout", "MFLOP", "weights");
    for (int i = 0; i < fd_net_layers(net); i++) {
        fd_net_layer l = fd_net_layer_at(net, i);
        char shape[128];
        shape_text(&l.output, false, shape);
        printf("%4d  %-10s  %-*s  %-16s %-8s %10.3f %10zu\n", i, l.kind, width, l.name, shape, layouts[l.output.layout],
               l.flop * 1e-6, l.weight_bytes);
    }
}

static void print_info(const job *j)
{
    const fd_net *net = j->bench.net;
    bool any = fd_net_any_size(net);
    char weights[16], arena[16], shape[128];
    shape_text(fd_net_input(net), any, shape);
    printf("engine       %s\n", j->bench.engine->kind->description(j->bench.engine));
    printf("input        %s %s\n", fd_net_input_name(net), shape);
    for (int i = 0; i < fd_net_outputs(net); i++) {
        shape_text(fd_net_output(net, i), any, shape);
        printf("output       %s %s\n", fd_net_output_name(net, i), shape);
    }
    print_layers(net);
    if (any)
        printf("\ntaken whole by the engine for images of any size; the layers above are those of 15x15 pixels\n");
    printf("\noperations   %.3f MFLOP per batch of %lld\n", fd_net_flop(net) * 1e-6, (long long)fd_net_input(net)->dim[0]);
    printf("weights      %s\n", fd_bytes_text(weights, (double)fd_net_weight_bytes(net)));
    printf("activations  %s per lane\n", fd_bytes_text(arena, (double)fd_net_arena_bytes(net)));
    printf("unsupported  none\n");
}

/* What keeps the file from loading, if it is operators: all of them, before the error that names the first obstacle. */
static fd_error *info(job *j)
{
    fd_error *err = open_net(j), *none;
    char *list = NULL;
    if (!err) {
        print_info(j);
        return NULL;
    }
    none = fd_net_unsupported(j->bytes, j->n, &list);
    if (list && *list)
        printf("unsupported operators:\n%s", list);
    fd_error_free(none);
    free(list);
    return err;
}

/* Samples of --input, or random ones for one batch. */
static fd_error *ensure_samples(job *j)
{
    fd_error *err = NULL;
    if (j->samples.data)
        return NULL;
    if (fd_net_any_size(j->bench.net) && (j->bench.input.dim[2] < 12 || j->bench.input.dim[3] < 12))
        FD_THROW(FD_USAGE, "the file leaves height and width open: --size HxW says them, 12x12 or more");
    int64_t n = fd_tensor_count(&j->bench.input);
    FD_TRY(fd_alloc_aligned(&j->samples.data, (size_t)n, sizeof(float)));
    fill_random(j->samples.data, n);
    j->samples.dim[0] = j->bench.input.dim[0];
done:
    return err;
}

static fd_error *write_output(const job *j, int which, int64_t n, float *data)
{
    fd_error *err = NULL;
    const char *path = fd_opt_text(j->options, "output-file");
    char shape[128];
    fd_tensor t = fd_bench_output(&j->bench, which);
    fd_npy out = {.rank = t.rank, .data = data};
    for (int i = 0; i < t.rank; i++)
        out.dim[i] = i == 0 && t.dim[0] == j->bench.input.dim[0] ? n : t.dim[i];
    if (path)
        FD_TRY(fd_npy_write(path, &out));
    if (t.rank)
        t.dim[0] = out.dim[0];
    shape_text(&t, false, shape);
    printf("%s %s\n", fd_net_output_name(j->bench.net, which), shape);
    for (int i = 0; path && i < fd_net_outputs(j->bench.net); i++)
        if (i != which)
            fd_say(FD_NORMAL, "the network's output '%s' was not written: --output chooses", fd_net_output_name(j->bench.net, i));
done:
    return err;
}

static fd_error *run(job *j)
{
    fd_error *err = NULL;
    float *results[16] = {0};
    const char *name = fd_opt_text(j->options, "output"), *file = fd_opt_text(j->options, "output-file");
    if (file)
        FD_TRY(fd_output_apart("--output-file", file, j->path));
    if (file && fd_opt_given(j->options, "input"))
        FD_TRY(fd_output_apart("--output-file", file, fd_opt_text(j->options, "input")));
    FD_TRY(open_net(j));
    FD_TRY(ensure_samples(j));
    int which = name ? fd_net_find_output(j->bench.net, name) : 0;
    int64_t n = j->samples.dim[0], batch = j->bench.input.dim[0];
    if (which < 0)
        FD_THROW(FD_USAGE, "the network has no output '%s'; its first is '%s'", name, fd_net_output_name(j->bench.net, 0));
    for (int i = 0; i < fd_net_outputs(j->bench.net); i++) {
        fd_tensor t = fd_bench_output(&j->bench, i);
        if (n != batch && (t.rank == 0 || t.dim[0] != batch))
            FD_THROW(FD_USAGE, "output '%s' does not begin with the batch: --batch must be the number of samples, %lld",
                     fd_net_output_name(j->bench.net, i), (long long)n);
        FD_TRY(fd_alloc(&results[i], (size_t)(fd_tensor_count(&t) / batch * n + fd_tensor_count(&t)), sizeof(float)));
    }
    FD_TRY(fd_bench_run(&j->bench, j->samples.data, n, results));
    FD_TRY(write_output(j, which, n, results[which]));
done:
    for (int i = 0; i < 16; i++)
        free(results[i]);
    return err;
}

static fd_error *measure(job *j)
{
    fd_error *err = NULL;
    double *times = NULL;
    FD_TRY(open_net(j));
    FD_TRY(ensure_samples(j));
    int threads = (int)fd_opt_int(j->options, "threads"), runs = (int)fd_opt_int(j->options, "runs"), n = threads * runs;
    if (j->samples.dim[0] < j->bench.input.dim[0])
        FD_THROW(FD_USAGE, "--input has %lld samples, fewer than --batch", (long long)j->samples.dim[0]);
    FD_TRY(fd_alloc(&times, (size_t)n, sizeof *times));
    FD_TRY(fd_bench_time(&j->bench, j->samples.data, threads, runs, times));
    printf("min %.2f median %.2f max %.2f ms\n", times[0], n % 2 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2, times[n - 1]);
done:
    free(times);
    return err;
}

static fd_error *make(const fd_options *o)
{
    fd_error *err = NULL;
    const char *name = fd_positional(o, 1);
    char file[FD_ESCAPED];
    uint8_t *bytes = NULL;
    size_t n = 0;
    FD_TRY(fd_zoo_make(name, &bytes, &n));
    snprintf(file, sizeof file, "%s.onnx", name);
    FD_TRY(fd_file_replace(fd_opt_given(o, "output-file") ? fd_opt_text(o, "output-file") : file, bytes, n));
done:
    free(bytes);
    return err;
}

fd_error *fd_run_net(fd_options *o, int *exit_code)
{
    fd_error *err = NULL;
    static const struct { const char *name; fd_error *(*run)(job *j); } commands[] = {{"info", info}, {"run", run}, {"time", measure}};
    job j = {.options = o, .path = fd_positional(o, 1)};
    int found = -1;
    for (int i = 0; i < 3; i++)
        found = strcmp(fd_positional(o, 0), commands[i].name) == 0 ? i : found;
    *exit_code = FD_EXIT_OK;
    if (strcmp(fd_positional(o, 0), "make") == 0)
        return make(o);
    if (found < 0)
        FD_THROW(FD_USAGE, "'%s' is none of info, run, time, make", fd_positional(o, 0));
    FD_TRY(fd_file_read(j.path, (size_t)1 << 31, &j.bytes, &j.n));
    if (fd_opt_given(o, "input"))
        FD_TRY(fd_npy_read(fd_opt_text(o, "input"), &j.samples));
    FD_TRY(commands[found].run(&j));
    if (fflush(stdout) != 0 || ferror(stdout))
        FD_THROW(FD_IO, "cannot write to stdout");
done:
    fd_net_close(j.bench.net);
    fd_engine_close(j.bench.engine);
    fd_npy_free(&j.samples);
    free(j.bytes);
    return err;
}
