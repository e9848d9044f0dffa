/* The cpu engine against the reference on random shapes, for every instruction set of this processor (a process each: oneDNN's choice is
 * frozen by its first use), in every layout it accepts; one sample's bytes at every place of a batch; and no threads but ours. */
#include "engines.h"
#include "op_random.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 150 };

/* The samples in another order, and one of them not a number: the others' bytes stay. */
static void check_places(fixture *f, const example *x, fd_layout layout, const float *out)
{
    int64_t n = x->d.output.dim[0], all = fd_tensor_count(&x->d.output), one = all / n;
    if (!x->batched || n < 2)
        return;
    const float *in[MAX_INPUTS];
    float *moved[MAX_INPUTS], *again = malloc((size_t)all * sizeof *again);
    for (int k = 0; k < x->d.inputs; k++) {
        int64_t size = fd_tensor_count(&x->d.input[k]) / n;
        in[k] = moved[k] = malloc((size_t)(size * n) * sizeof **moved);
        for (int64_t i = 0; i < n; i++)   /* sample i goes to place i + 1; the last one is lost to NaN at place 0 */
            memcpy(moved[k] + (i + 1) % n * size, x->in[k] + i * size, (size_t)size * sizeof **moved);
        memset(moved[k], 0xff, (size_t)size * sizeof **moved);
    }
    run_op(f->cpu, layout, &x->d, in, again);
    if (memcmp(again + one, out, (size_t)(all - one) * sizeof *again) != 0) {
        describe(x, layout);
        fail_msg("the bytes of a sample depend on its place or on its neighbours");
    }
    for (int k = 0; k < x->d.inputs; k++)
        free(moved[k]);
    free(again);
}

static void compare(fixture *f, example *x)
{
    int64_t n = fd_tensor_count(&x->d.output);
    float *wanted = malloc((size_t)n * 4), *out = malloc((size_t)n * 4), *weight = calloc((size_t)n, 4);
    const float *in[MAX_INPUTS] = {x->in[0], x->in[1], x->in[2], x->in[3]};
    run_op(f->ref, FD_PLAIN, &x->d, in, wanted);
    if (x->terms)
        weigh(f, x, weight);
    for (int layout = FD_PLAIN; layout <= FD_LANES; layout++) {
        if (!f->cpu->engine->kind->op->accepts(f->cpu->engine, &x->d, (fd_layout)layout))
            continue;
        run_op(f->cpu, (fd_layout)layout, &x->d, in, out);
        for (int64_t i = 0; i < n; i++) {
            double bound = x->bound + (double)(x->terms + 3) * 0x1p-24 * 1.5 * (double)weight[i];
            if (!(fabs((double)out[i] - (double)wanted[i]) <= bound)) {
                describe(x, (fd_layout)layout);
                fail_msg("element %d: %.9g, reference %.9g, bound %.3g", (int)i, (double)out[i], (double)wanted[i], bound);
            }
        }
        check_places(f, x, (fd_layout)layout, out);
    }
    free(wanted);
    free(out);
    free(weight);
}

static int64_t out_size(int64_t in, const fd_op_desc *d, int axis, int64_t ceil)
{
    int64_t span = in + d->pad_begin[axis] + d->pad_end[axis] - (d->kernel[axis] - 1) * d->dilation[axis] - 1;
    return (span + (ceil ? d->stride[axis] - 1 : 0)) / d->stride[axis] + 1;
}

/* Kernel, stride, dilation, pads; an input size that leaves an output. */
static void random_window(fixture *f, fd_op_desc *d, int64_t size[2], bool pool)
{
    for (int axis = 0; axis < 2; axis++) {
        d->kernel[axis] = pick(f, 1, 4);
        d->stride[axis] = pick(f, 1, 3);
        d->dilation[axis] = pick(f, 0, 3) ? 1 : pick(f, 2, 3);
        int64_t most = d->kernel[axis] - 1;
        d->pad_begin[axis] = pick(f, 0, most);
        d->pad_end[axis] = pool || pick(f, 0, 1) ? pick(f, 0, most) : d->pad_begin[axis];
        size[axis] = pick(f, 1, 20);
        int64_t span = (d->kernel[axis] - 1) * d->dilation[axis] + 1 - d->pad_begin[axis] - d->pad_end[axis];
        size[axis] = size[axis] < span ? span : size[axis];
    }
}

static void convolutions(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        example x = {.d = {.kind = FD_OP_CONV, .name = "random", .inputs = 1}, .batched = true};
        int64_t size[2], n = pick(f, 1, 3), in = pick(f, 1, 9), out = pick(f, 1, 9);
        int form = (int)pick(f, 0, 5);
        x.d.groups = form == 0 ? pick(f, 2, 5) : form == 1 ? 16 : 1;
        if (form == 2)
            in = out = 1, x.d.groups = pick(f, 2, 40);   /* depthwise */
        if (form == 3)
            in = pick(f, 1, 3) * 16, out = pick(f, 1, 3) * 16;
        if (form == 4)
            in = pick(f, 1, 3), out = pick(f, 1, 40);    /* a first convolution */
        random_window(f, &x.d, size, false);
        x.d.input[0] = shape(4, (int)n, (int)(in * x.d.groups), (int)size[0], (int)size[1]);
        x.d.output = shape(4, (int)n, (int)(out * x.d.groups), (int)out_size(size[0], &x.d, 0, 0), (int)out_size(size[1], &x.d, 1, 0));
        if (pick(f, 0, 2) == 0)
            x.d.residual = true, x.d.input[x.d.inputs++] = x.d.output;
        x.terms = in * x.d.kernel[0] * x.d.kernel[1];
        x.bound = 3e-6;   /* of sigmoid and tanh */
        x.d.weight = own(&x, numbers(f, out * x.d.groups * x.terms, -1, 1));
        x.d.bias = pick(f, 0, 1) ? own(&x, numbers(f, out * x.d.groups, -1, 1)) : NULL;
        random_activation(f, &x, out * x.d.groups);
        fill_inputs(f, &x, -1, 1);
        compare(f, &x);
        free_example(&x);
    }
}

static void gemms(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t n = pick(f, 1, 20), depth = pick(f, 1, round % 4 ? 70 : 1500), out = pick(f, 1, 70);
        example x = {.d = {.kind = FD_OP_GEMM, .name = "random", .inputs = 1, .input = {shape(2, (int)n, (int)depth)},
                           .output = shape(2, (int)n, (int)out)},
                     .terms = depth, .batched = true, .bound = 3e-6};
        if (pick(f, 0, 2) == 0)
            x.d.residual = true, x.d.input[x.d.inputs++] = x.d.output;
        x.d.weight = own(&x, numbers(f, out * depth, -1, 1));
        x.d.bias = pick(f, 0, 1) ? own(&x, numbers(f, out, -1, 1)) : NULL;
        random_activation(f, &x, out);
        fill_inputs(f, &x, -1, 1);
        compare(f, &x);
        free_example(&x);
    }
}

/* More samples than are worth packing, beside and above whole panels and blocks of them: right, and the bytes of few samples by themselves. */
static void many_samples(void **state)
{
    fixture *f = *state;
    static const int rows[] = {16, 47, 48, 60, 191, 193, 400}, depths[] = {1, 30, 512, 513, 1100};
    for (int k = 0; k < 35; k++) {
        const int n = rows[k % 7], depth = depths[k / 7], out = (int)pick(f, 1, 70);
        example x = {.d = {.kind = FD_OP_GEMM, .name = "many", .inputs = 1, .input = {shape(2, n, depth)}, .output = shape(2, n, out)},
                     .terms = depth, .batched = true, .bound = 3e-6};
        if (k % 3 == 0)
            x.d.residual = true, x.d.input[x.d.inputs++] = x.d.output;
        x.d.weight = own(&x, numbers(f, (int64_t)out * depth, -1, 1));
        x.d.bias = k % 2 ? own(&x, numbers(f, out, -1, 1)) : NULL;
        random_activation(f, &x, out);
        fill_inputs(f, &x, -1, 1);
        compare(f, &x);
        float *all = malloc(sizeof *all * (size_t)(n * out)), *few = malloc(sizeof *few * (size_t)(3 * out));
        const float *in[MAX_INPUTS] = {x.in[0], x.in[1]};
        run_op(f->cpu, FD_PLAIN, &x.d, in, all);
        x.d.input[0] = shape(2, 3, depth);
        x.d.output = shape(2, 3, out);
        if (x.d.residual)
            x.d.input[1] = x.d.output;
        run_op(f->cpu, FD_PLAIN, &x.d, in, few);
        assert_memory_equal(all, few, sizeof *few * (size_t)(3 * out));
        free(all);
        free(few);
        free_example(&x);
    }
}

static void matmuls(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        int m = (int)pick(f, 1, 20), k = (int)pick(f, 1, 50), n = (int)pick(f, 1, 30), a = (int)pick(f, 1, 3), b = (int)pick(f, 1, 3);
        example x = {.d = {.kind = FD_OP_MATMUL, .name = "random", .inputs = 2}, .bound = 2 * k * 0x1p-24 * k};
        int form = (int)pick(f, 0, 4);
        x.d.input[0] = form == 0 ? shape(2, m, k) : form == 1 ? shape(3, a, m, k) : shape(4, a, b, m, k);
        x.d.input[1] = form < 2 ? shape(2, k, n) : form == 2 ? shape(4, a, b, k, n) : form == 3 ? shape(4, a, 1, k, n) : shape(3, b, k, n);
        x.d.output = form == 0 ? shape(2, m, n) : form == 1 ? shape(3, a, m, n) : shape(4, a, b, m, n);
        if (form < 2 && pick(f, 0, 1)) {
            x.d.constant_shape = x.d.input[1];
            x.d.constant[1] = own(&x, numbers(f, k * n, -1, 1));
            x.d.inputs = 1;
            x.batched = true;
        }
        fill_inputs(f, &x, -1, 1);
        compare(f, &x);
        free_example(&x);
    }
}

static void pools(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        example x = {.d = {.kind = FD_OP_POOL, .name = "random", .inputs = 1, .pool_max = next(f) & 1, .count_include_pad = next(f) & 1},
                     .batched = true, .bound = 4e-6};
        int64_t size[2], n = pick(f, 1, 3), c = pick(f, 1, 40), ceil[2];
        random_window(f, &x.d, size, true);
        for (int axis = 0; axis < 2; axis++) {
            if (pick(f, 0, 4) == 0)   /* global */
                x.d.kernel[axis] = size[axis], x.d.stride[axis] = x.d.dilation[axis] = 1, x.d.pad_begin[axis] = x.d.pad_end[axis] = 0;
            ceil[axis] = out_size(size[axis], &x.d, axis, pick(f, 0, 1));
            while ((ceil[axis] - 1) * x.d.stride[axis] >= size[axis] + x.d.pad_begin[axis])
                ceil[axis]--;         /* a window starts inside the image or the padding before it, or is dropped */
        }
        x.d.input[0] = shape(4, (int)n, (int)c, (int)size[0], (int)size[1]);
        x.d.output = shape(4, (int)n, (int)c, (int)ceil[0], (int)ceil[1]);
        fill_inputs(f, &x, -2, 1);
        compare(f, &x);
        free_example(&x);
    }
}

static fd_tensor random_image(fixture *f)
{
    return shape(4, (int)pick(f, 1, 3), (int)pick(f, 1, 40), (int)pick(f, 1, 6), (int)pick(f, 1, 9));
}

static void elementwise(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        fd_tensor t = pick(f, 0, 3) ? random_image(f) : shape(2, (int)pick(f, 1, 3), (int)pick(f, 1, 40));
        example x = {.d = {.kind = FD_OP_ACTIVATE, .name = "random", .inputs = 1, .input = {t}, .output = t}, .batched = true, .bound = 3e-6};
        random_activation(f, &x, t.dim[1]);
        if (pick(f, 0, 2) == 0) {
            x.d.kind = FD_OP_SCALE;
            x.d.scale = own(&x, numbers(f, t.dim[1], -2, 2));
            x.d.bias = own(&x, numbers(f, t.dim[1], -2, 2));
        }
        fill_inputs(f, &x, -4, 4);
        compare(f, &x);
        free_example(&x);
    }
}

static void binaries(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        fd_tensor t = random_image(f), u = t;
        example x = {.d = {.kind = FD_OP_BINARY, .name = "random", .inputs = 2, .output = t, .binary = (fd_binary)pick(f, FD_ADD, FD_POW)},
                     .bound = 2e-5};   /* powers of 4 in between: relative 2^-24 of 4^4 */
        int form = (int)pick(f, 0, 4);
        x.batched = form != 2 && form != 3;
        if (form == 1)
            u.dim[2] = u.dim[3] = 1;   /* a number for each channel */
        if (form == 2)
            u = shape(1, (int)t.dim[3]);
        if (form == 3)
            for (int i = 0; i < 4; i++)
                u.dim[i] = pick(f, 0, 1) ? 1 : t.dim[i];
        x.d.input[0] = t, x.d.input[1] = u;
        if (form == 4) {
            x.d.inputs = 1;
            x.d.constant_shape = shape(0);
            x.d.constant[pick(f, 0, 1)] = own(&x, numbers(f, 1, 0.5f, 4));
        } else if (form > 0 && pick(f, 0, 1)) {
            x.d.input[0] = u, x.d.input[1] = t;
        }
        fill_inputs(f, &x, 0.5f, 4);
        compare(f, &x);
        free_example(&x);
    }
}

static void concatenations(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        example x = {.d = {.kind = FD_OP_CONCAT, .name = "random", .inputs = (int)pick(f, 1, MAX_INPUTS), .axis = 1}, .batched = true};
        fd_tensor t = random_image(f);
        x.d.output = t;
        x.d.output.dim[1] = 0;
        for (int k = 0; k < x.d.inputs; k++) {
            t.dim[1] = round % 2 ? pick(f, 1, 3) * 16 : pick(f, 1, 20);
            x.d.input[k] = t;
            x.d.output.dim[1] += t.dim[1];
        }
        fill_inputs(f, &x, -1, 1);
        compare(f, &x);
        free_example(&x);
    }
}

/* Softmax, norms and reductions: those that FD_LANES takes differ from the reference's. */
static void along_axes(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < ROUNDS; round++) {
        fd_tensor t = random_image(f);
        example x = {.d = {.kind = round % 2 ? FD_OP_SOFTMAX : FD_OP_LPNORM, .name = "random", .inputs = 1, .input = {t}, .output = t,
                           .axis = (int)pick(f, 1, 3), .flat = next(f) & 1, .p = (int)pick(f, 1, 2)},
                     .batched = true, .bound = 2e-6};
        fill_inputs(f, &x, -3, 3);
        compare(f, &x);
        free_example(&x);
    }
}

static int threads_of_process(void)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

static void no_threads_but_ours(void **state)
{
    (void)state;
    assert_int_equal(threads_of_process(), 1);
}

/* A thread that prepares and runs a convolution on a lane of its own, and then waits until the threads have been counted. */
typedef struct worker {
    pthread_t thread;
    fd_engine *engine;
    const fd_op_desc *desc;
    const float *in;
    float out[16 * 8 * 8];
    pthread_barrier_t *gate;
} worker;

static void *work(void *self)
{
    worker *w = self;
    fd_lane *lane;
    assert_ok(fd_lane_open(w->engine, &lane));
    run_op(lane, FD_BLOCKED, w->desc, &w->in, w->out);
    pthread_barrier_wait(w->gate);   /* all have run */
    pthread_barrier_wait(w->gate);   /* all are counted */
    fd_lane_close(lane);
    return NULL;
}

static void one_thread_for_each_lane(void **state)
{
    enum { WORKERS = 3 };
    fixture *f = *state;
    fd_op_desc d = {.kind = FD_OP_CONV, .name = "3x3", .inputs = 1, .input = {shape(4, 1, 16, 8, 8)}, .output = shape(4, 1, 16, 8, 8),
                    .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .pad_begin = {1, 1}, .pad_end = {1, 1}, .groups = 1};
    float *weight = numbers(f, 16 * 16 * 9, -1, 1), *in = numbers(f, 16 * 8 * 8, -1, 1);
    worker workers[WORKERS];
    pthread_barrier_t gate;
    d.weight = weight;
    assert_int_equal(pthread_barrier_init(&gate, NULL, WORKERS + 1), 0);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.engine = f->cpu->engine, .desc = &d, .in = in, .gate = &gate};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    pthread_barrier_wait(&gate);
    int n = threads_of_process();
    pthread_barrier_wait(&gate);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    assert_int_equal(n, WORKERS + 1);
    for (int i = 1; i < WORKERS; i++)
        assert_memory_equal(workers[i].out, workers[0].out, sizeof workers[0].out);
    pthread_barrier_destroy(&gate);
    free(weight);
    free(in);
}

static int run_all(const char *isa)
{
    fixture f = {.random = 88172645463325252ull};
    f.ref = open_lane("ref", "auto");
    f.cpu = open_lane("cpu", isa);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(convolutions, &f),   cmocka_unit_test_prestate(gemms, &f),
        cmocka_unit_test_prestate(matmuls, &f),        cmocka_unit_test_prestate(pools, &f),
        cmocka_unit_test_prestate(many_samples, &f),
        cmocka_unit_test_prestate(elementwise, &f),    cmocka_unit_test_prestate(binaries, &f),
        cmocka_unit_test_prestate(concatenations, &f), cmocka_unit_test_prestate(along_axes, &f),
        cmocka_unit_test_prestate(no_threads_but_ours, &f), cmocka_unit_test_prestate(one_thread_for_each_lane, &f),
    };
    print_message("%s\n", f.cpu->engine->kind->description(f.cpu->engine));
    int failed = cmocka_run_group_tests_name(isa, tests, NULL, NULL);
    close_lane(f.cpu);
    close_lane(f.ref);
    return failed;
}

/* A process of its own, which also finds out whether this processor has the instruction set. */
static int run_apart(const char *isa)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        fd_engine *e;
        fd_error *missing = fd_engine_open("cpu", &(fd_engine_config){.isa = isa}, &e);
        if (missing) {
            print_message("SKIP: %s\n", fd_error_message(missing));
            fd_error_free(missing);
            exit(0);
        }
        fd_engine_close(e);
        exit(run_all(isa) ? 1 : 0);
    }
    int status = 1;
    return child < 0 || waitpid(child, &status, 0) != child || status;
}

int main(void)
{
    if (!has_engine("cpu"))
        return 77;   /* not built */
    return run_apart("sse41") | run_apart("avx2") | run_apart("avx512");
}
