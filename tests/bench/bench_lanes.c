/* Time per patch of the published R-Net and O-Net in FD_LANES, one thread, each instruction set and several batches, operator by operator, in
 * one arena of two arrays as a plan of memory would use it. Alone and pinned (taskset -c 1), or the numbers are worthless. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "engine/cpu/lanes.h"
#include "engine/host.h"

enum { MOST = 24 };

/* A layer: convolution (kernel > 0, stride 1), max pool with ceiling (kernel < 0, stride 2), matrix product (kernel 0). */
typedef struct layer { int kernel, outputs; } layer;
typedef struct network { const char *name; int side; layer layers[12]; } network;

typedef struct chain { fd_op *op[MOST]; double flop[MOST]; char name[MOST][32]; int n, only; size_t bytes; void *input, *array[2]; } chain;

static const network networks[] = {
    {"R-Net", 24, {{3, 28}, {-3, 28}, {3, 48}, {-3, 48}, {2, 64}, {0, 128}, {0, 6}}},
    {"O-Net", 48, {{3, 32}, {-3, 32}, {3, 64}, {-3, 64}, {3, 64}, {-2, 64}, {2, 128}, {0, 256}, {0, 16}}},
};

static fd_tensor image(int64_t n, int64_t c, int64_t side)
{
    fd_tensor t = {.rank = 4, .dim = {n, c, side, side}, .layout = FD_LANES};
    t.bytes = fd_lanes_bytes(&t);
    return t;
}

static void add(chain *c, const fd_op_desc *d, int lanes, double flop)
{
    bench_must(fd_lanes_prepare(d, lanes, &c->op[c->n]));
    snprintf(c->name[c->n], sizeof c->name[0], "%s %dx%dx%d", d->name, (int)d->output.dim[1], (int)d->output.dim[2], (int)d->output.dim[3]);
    c->flop[c->n++] = flop;
    size_t a = fd_lanes_bytes(&d->input[0]), b = fd_lanes_bytes(&d->output);
    c->bytes = a > c->bytes ? a : c->bytes;
    c->bytes = b > c->bytes ? b : c->bytes;
}

static void add_layer(chain *c, const layer *l, fd_tensor *x, int lanes, const float *numbers)
{
    const int64_t k = l->kernel < 0 ? -l->kernel : l->kernel, n = x->dim[0], in = x->dim[1], side = x->dim[2];
    fd_op_desc d = {.name = "conv", .inputs = 1, .input = {*x}, .groups = 1, .weight = numbers, .bias = numbers, .slopes = numbers,
                    .activation = l->outputs > 16 ? FD_ACT_PRELU : FD_ACT_NONE, .kernel = {k, k}, .dilation = {1, 1}, .stride = {1, 1}};
    int64_t out = side - k + 1, taps = in * k * k;
    if (l->kernel < 0) {
        d.kind = FD_OP_POOL;
        d.name = "pool";
        d.pool_max = true;
        d.stride[0] = d.stride[1] = 2;
        out = (side - k + 1) / 2 + 1;
        taps = 0;
    } else if (l->kernel == 0) {
        d.kind = FD_OP_GEMM;
        d.name = "gemm";
        out = 1;
        taps = in * side * side;
    } else {
        d.kind = FD_OP_CONV;
    }
    *x = d.output = image(n, l->outputs, out);
    if (d.kind == FD_OP_GEMM)
        d.output.rank = 2;
    add(c, &d, lanes, 2.0 * (double)(n * out * out * l->outputs * taps));
}

static void run(void *self)
{
    chain *c = self;
    for (int i = 0; i < c->n; i++) {
        const void *in[1] = {i == 0 ? c->input : c->array[i % 2]};
        if (c->only < 0 || c->only == i)
            bench_must(fd_host_op_run(c->op[i], NULL, in, c->array[(i + 1) % 2], NULL));
    }
}

static void measure(const network *net, fd_isa isa, int64_t batch, const float *numbers)
{
    chain c = {.only = -1};
    fd_tensor x = image(batch, 3, net->side);
    fd_op_desc enter = {.kind = FD_OP_REORDER, .name = "enter", .inputs = 1, .input = {x}, .output = x};
    enter.input[0].layout = FD_PLAIN;
    add(&c, &enter, 4 << isa, 0.0);
    for (const layer *l = net->layers; l->outputs; l++)
        add_layer(&c, l, &x, 4 << isa, numbers);
    c.input = bench_numbers(c.bytes / sizeof(float), 1.0f);
    for (int i = 0; i < 2; i++)
        c.array[i] = bench_numbers(c.bytes / sizeof(float), 1.0f);
    double all = 0.0, s = bench_least(run, &c, 0.3), peak = bench_peak(isa);
    for (int i = 0; i < c.n; i++)
        all += c.flop[i];
    printf("%-7s %s batch %2d: %.4f ms per patch, %.1f GFLOP/s, %.0f %% of %.0f\n", fd_isa_name(isa), net->name, (int)batch,
           s * 1e3 / (double)batch, all / s * 1e-9, 100.0 * all / s * 1e-9 / peak, peak);
    for (c.only = 0; batch == 16 && c.only < c.n; c.only++) {
        s = bench_least(run, &c, 0.1);
        printf("    %-16s %8.2f us per patch %6.1f GFLOP/s\n", c.name[c.only], s * 1e6 / (double)batch, c.flop[c.only] / s * 1e-9);
    }
    for (int i = 0; i < c.n; i++)
        fd_host_op_release(c.op[i]);
    free(c.input);
    free(c.array[0]);
    free(c.array[1]);
}

int main(void)
{
    float *numbers = bench_numbers(1 << 20, 0.05f);
    for (fd_isa isa = 0; isa < FD_ISA_COUNT; isa++) {
        for (size_t i = 0; bench_has(isa) && i < sizeof networks / sizeof *networks; i++) {
            for (int64_t batch = 16; batch <= 64; batch *= 2)
                measure(&networks[i], isa, batch, numbers);
        }
    }
    free(numbers);
    return 0;
}
