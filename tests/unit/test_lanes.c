/* Every operator that FD_LANES offers, against the reference engine's, on every instruction set of this processor: small integers bit for bit,
 * then random numbers. */
#include "check.h"

#include <math.h>

#include "base/memory.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/lanes.h"
#include "engine/host.h"
#include "engine/ref/ref.h"

static uint32_t seed = 1;

/* One of -1 .. 1, or of the integers -3 .. 3. */
static float number(bool integer)
{
    seed = seed * 1664525u + 1013904223u;
    double x = (double)(seed >> 8) / (1 << 23) - 1.0;
    return (float)(integer ? round(3.0 * x) : x);
}

static float *numbers(int64_t n, bool integer)
{
    float *p;
    assert_ok(fd_alloc_aligned(&p, (size_t)n, sizeof *p));
    for (int64_t i = 0; i < n; i++)
        p[i] = number(integer);
    return p;
}

static fd_tensor shape(int rank, const int64_t *dim)
{
    fd_tensor t = {.rank = rank};
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    return t;
}

#define SHAPE(...) shape(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static bool has(int isa)
{
    fd_isa found;
    fd_error *missing = fd_isa_resolve(fd_isa_name((fd_isa)isa), &found);
    fd_error_free(missing);
    return !missing;
}

/* Prepares, runs and releases one operator; output is new memory of `bytes` full of NaN. */
static void *run_one(const fd_op_desc *d, int lanes, const void *const *in, size_t bytes)
{
    fd_op *op;
    void *scratch = NULL, *out;
    assert_ok(lanes ? fd_lanes_prepare(d, lanes, &op) : fd_ref_prepare(NULL, d, &op));
    assert_ok(fd_alloc_aligned(&out, bytes, 1));
    memset(out, 0xff, bytes);
    if (op->scratch)
        assert_ok(fd_alloc_aligned(&scratch, op->scratch, 1));
    assert_ok(fd_host_op_run(op, NULL, in, out, scratch));
    fd_host_op_release(op);
    free(scratch);
    return out;
}

static float *reorder(const fd_tensor *t, int lanes, const float *in, fd_layout to)
{
    fd_op_desc d = {.kind = FD_OP_REORDER, .name = "reorder", .inputs = 1, .input = {*t}, .output = *t};
    d.input[0].layout = to == FD_LANES ? FD_PLAIN : FD_LANES;
    d.output.layout = to;
    assert_true(fd_lanes_accepts(&d));
    const void *inputs[1] = {in};
    return run_one(&d, lanes, inputs, to == FD_LANES ? fd_lanes_bytes(t) : (size_t)fd_tensor_count(t) * sizeof(float));
}

/* The operator between reorders, PLAIN in and out. */
static float *run_lanes(const fd_op_desc *desc, int lanes, float *const *in)
{
    fd_op_desc d = *desc;
    void *inside[FD_MAX_INPUTS];
    assert_true(fd_lanes_accepts(&d));
    for (int i = 0; i < d.inputs; i++) {
        inside[i] = reorder(&d.input[i], lanes, in[i], FD_LANES);
        d.input[i].layout = FD_LANES;
    }
    d.output.layout = FD_LANES;
    float *y = run_one(&d, lanes, (const void *const *)inside, fd_lanes_bytes(&d.output));
    float *out = reorder(&d.output, lanes, y, FD_PLAIN);
    for (int i = 0; i < d.inputs; i++)
        free(inside[i]);
    free(y);
    return out;
}

/* Sample `from` of every input alone among NaNs, at lane `to`, must give the bytes that it had in company. */
static void check_alone(const fd_op_desc *d, int lanes, float *const *in, const float *together, int64_t from, int64_t to)
{
    float *alone[FD_MAX_INPUTS];
    for (int i = 0; i < d->inputs; i++) {
        int64_t n = fd_tensor_count(&d->input[i]), one = n / d->input[i].dim[0];
        alone[i] = numbers(n, false);
        for (int64_t k = 0; k < n; k++)
            alone[i][k] = NAN;
        memcpy(alone[i] + to * one, in[i] + from * one, (size_t)one * sizeof(float));
    }
    float *y = run_lanes(d, lanes, alone);
    int64_t one = fd_tensor_count(&d->output) / d->output.dim[0];
    assert_memory_equal(y + to * one, together + from * one, (size_t)one * sizeof *y);
    free(y);
    for (int i = 0; i < d->inputs; i++)
        free(alone[i]);
}

/* Against the reference, on every instruction set. bound: of the error, relative to 1 + |value|; 0: the same numbers. */
static void check(const fd_op_desc *d, bool integer, double bound)
{
    float *in[FD_MAX_INPUTS];
    for (int i = 0; i < d->inputs; i++)
        in[i] = numbers(fd_tensor_count(&d->input[i]), integer);
    const int64_t n = fd_tensor_count(&d->output), samples = d->output.dim[0];
    float *wanted = run_one(d, 0, (const void *const *)in, (size_t)n * sizeof *wanted);
    for (int isa = 0; isa < FD_ISA_COUNT; isa++) {
        if (!has(isa))
            continue;
        float *got = run_lanes(d, 4 << isa, in);
        for (int64_t k = 0; k < n; k++) {
            if (!(fabs((double)got[k] - (double)wanted[k]) <= bound * (1.0 + fabs((double)wanted[k]))) && !(isnan(got[k]) && isnan(wanted[k])))
                fail_msg("%s, %s, number %d: %.9g, not %.9g", d->name, fd_isa_name((fd_isa)isa), (int)k, (double)got[k], (double)wanted[k]);
        }
        check_alone(d, 4 << isa, in, got, samples - 1, 0);
        check_alone(d, 4 << isa, in, got, 0, samples / 2);
        free(got);
    }
    free(wanted);
    for (int i = 0; i < d->inputs; i++)
        free(in[i]);
}

/* ---- convolutions and products ---- */

typedef struct window { int64_t kernel[2], stride[2], dilation[2], pad_begin[2], pad_end[2]; } window;

static void set_window(fd_op_desc *d, const window *w)
{
    memcpy(d->kernel, w->kernel, sizeof w->kernel);
    memcpy(d->stride, w->stride, sizeof w->stride);
    memcpy(d->dilation, w->dilation, sizeof w->dilation);
    memcpy(d->pad_begin, w->pad_begin, sizeof w->pad_begin);
    memcpy(d->pad_end, w->pad_end, sizeof w->pad_end);
}

static int64_t slid(int64_t size, const window *w, int axis)
{
    return (size + w->pad_begin[axis] + w->pad_end[axis] - (w->kernel[axis] - 1) * w->dilation[axis] - 1) / w->stride[axis] + 1;
}

/* Both ways: integers whose sums are exact in float32, then numbers with sums of `taps` roundings of values of about sqrt(taps) / 3. */
static void check_sum(fd_op_desc *d, int64_t outputs, int64_t taps)
{
    for (int integer = 1; integer >= 0; integer--) {
        float *weight = numbers(outputs * taps, integer), *bias = numbers(outputs, integer), *slopes = numbers(outputs, integer);
        d->weight = weight;
        d->bias = outputs % 5 == 1 ? NULL : bias;
        d->slopes = slopes;
        d->n_slopes = outputs;
        check(d, integer, integer ? 0.0 : (double)taps * ldexp(1.0, -24));
        free(weight);
        free(bias);
        free(slopes);
    }
}

static void check_conv(fd_tensor in, int64_t outputs, const window *w, fd_activation activation, bool residual)
{
    fd_op_desc d = {.kind = FD_OP_CONV, .name = "conv", .inputs = residual ? 2 : 1, .input = {in}, .groups = 1, .residual = residual,
                    .activation = activation, .low = -1.0f, .high = 2.0f, .slope = 0.5f};
    set_window(&d, w);
    d.input[1] = d.output = SHAPE(in.dim[0], outputs, slid(in.dim[2], w, 0), slid(in.dim[3], w, 1));
    check_sum(&d, outputs, in.dim[1] * w->kernel[0] * w->kernel[1]);
}

static void test_conv(void **state)
{
    (void)state;
    static const window plain = {{3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}}, odd = {{2, 5}, {2, 3}, {2, 1}, {0, 0}, {0, 0}},
                        padded = {{3, 3}, {2, 1}, {1, 2}, {1, 2}, {1, 0}}, point = {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}};
    check_conv(SHAPE(16, 3, 8, 9), 28, &plain, FD_ACT_PRELU, false);
    check_conv(SHAPE(32, 4, 5, 5), 5, &plain, FD_ACT_NONE, true);
    check_conv(SHAPE(19, 1, 3, 3), 1, &plain, FD_ACT_RELU, false);
    check_conv(SHAPE(5, 2, 9, 17), 12, &odd, FD_ACT_LEAKY, false);
    check_conv(SHAPE(16, 5, 6, 7), 9, &padded, FD_ACT_CLIP, true);
    check_conv(SHAPE(33, 7, 1, 4), 16, &point, FD_ACT_PRELU, true);
}

static void test_conv_of_one_axis(void **state)
{
    (void)state;
    fd_op_desc d = {.kind = FD_OP_CONV, .name = "conv of one axis", .inputs = 1, .input = {SHAPE(16, 3, 11)},
                    .output = SHAPE(16, 6, 5), .groups = 1};
    set_window(&d, &(window){{1, 3}, {1, 2}, {1, 1}, {0, 0}, {0, 0}});
    check_sum(&d, 6, 9);
}

static void test_gemm(void **state)
{
    (void)state;
    static const int64_t outputs[] = {1, 2, 4, 8, 10, 13, 128};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        fd_op_desc d = {.kind = FD_OP_GEMM, .name = "gemm", .inputs = 1, .input = {SHAPE(32, 37)}, .output = SHAPE(32, outputs[i]),
                        .activation = i % 2 ? FD_ACT_PRELU : FD_ACT_NONE};
        check_sum(&d, outputs[i], 37);
    }
}

/* ---- the others ---- */

static void check_pool(fd_tensor in, const window *w, int64_t oh, int64_t ow, bool count)
{
    for (int max = 0; max < 2; max++) {
        fd_op_desc d = {.kind = FD_OP_POOL, .name = max ? "max pool" : "mean pool", .inputs = 1, .input = {in},
                        .output = SHAPE(in.dim[0], in.dim[1], oh, ow), .pool_max = max, .count_include_pad = count};
        set_window(&d, w);
        check(&d, false, max ? 0.0 : 1e-6);
    }
}

static void test_pool(void **state)
{
    (void)state;
    static const window pair = {{2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}}, three = {{3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
                        padded = {{3, 2}, {1, 2}, {2, 1}, {2, 1}, {1, 0}}, all = {{5, 7}, {1, 1}, {1, 1}, {0, 0}, {0, 0}};
    check_pool(SHAPE(16, 3, 7, 5), &pair, 4, 3, false);     /* ceil: the last row and column hang over */
    check_pool(SHAPE(16, 2, 22, 22), &three, 11, 11, false);
    check_pool(SHAPE(17, 2, 9, 9), &three, 4, 4, false);
    check_pool(SHAPE(16, 3, 6, 7), &padded, 5, 4, false);
    check_pool(SHAPE(16, 3, 6, 7), &padded, 5, 4, true);
    check_pool(SHAPE(16, 4, 5, 7), &all, 1, 1, false);
}

static void test_elementwise(void **state)
{
    (void)state;
    static const fd_activation activations[] = {FD_ACT_NONE, FD_ACT_RELU, FD_ACT_CLIP, FD_ACT_LEAKY, FD_ACT_PRELU};
    float *slopes = numbers(5, false), *scales = numbers(5, false), *shifts = numbers(5, false);
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        fd_op_desc d = {.kind = FD_OP_ACTIVATE, .name = "activate", .inputs = 1, .input = {SHAPE(16, 5, 3, 2)}, .output = SHAPE(16, 5, 3, 2),
                        .activation = activations[i], .low = -0.5f, .high = 0.25f, .slope = 0.125f, .slopes = slopes, .n_slopes = 5};
        check(&d, false, 0.0);
    }
    fd_op_desc d = {.kind = FD_OP_SCALE, .name = "scale", .inputs = 1, .input = {SHAPE(18, 5, 3)}, .output = SHAPE(18, 5, 3), .scale = scales,
                    .bias = shifts};
    check(&d, false, 1e-6);
    for (fd_binary b = FD_ADD; b <= FD_DIV; b++) {
        fd_op_desc two = {.kind = FD_OP_BINARY, .name = "binary", .inputs = 2, .input = {SHAPE(16, 7, 3), SHAPE(16, 7, 3)},
                          .output = SHAPE(16, 7, 3),
                          .binary = b};
        check(&two, false, 0.0);
    }
    free(slopes);
    free(scales);
    free(shifts);
}

static void test_softmax(void **state)
{
    (void)state;
    for (int axis = 1; axis < 4; axis++) {
        for (int flat = 0; flat < 2; flat++) {
            fd_op_desc d = {.kind = FD_OP_SOFTMAX, .name = "softmax", .inputs = 1, .input = {SHAPE(16, 2, 3, 5)}, .output = SHAPE(16, 2, 3, 5),
                            .axis = axis, .flat = flat};
            check(&d, false, 1e-6);
        }
    }
}

static void test_moves(void **state)
{
    (void)state;
    fd_op_desc t = {.kind = FD_OP_TRANSPOSE, .name = "transpose", .inputs = 1, .input = {SHAPE(17, 2, 3, 5)}, .output = SHAPE(17, 5, 3, 2),
                    .permutation = {0, 3, 2, 1}};
    check(&t, false, 0.0);
    fd_op_desc c = {.kind = FD_OP_CONCAT, .name = "concat", .inputs = 3, .input = {SHAPE(16, 2, 3), SHAPE(16, 1, 3), SHAPE(16, 4, 3)},
                    .output = SHAPE(16, 7, 3), .axis = 1};
    check(&c, false, 0.0);
    c.input[0] = SHAPE(16, 3, 2);
    c.input[1] = SHAPE(16, 3, 1);
    c.input[2] = SHAPE(16, 3, 5);
    c.output = SHAPE(16, 3, 8);
    c.axis = 2;
    check(&c, false, 0.0);
    fd_op_desc r = {.kind = FD_OP_RESHAPE, .name = "reshape", .inputs = 1, .input = {SHAPE(16, 2, 3, 5)}, .output = SHAPE(16, 30)};
    check(&r, false, 0.0);
}

static void test_declined(void **state)
{
    (void)state;
    fd_op_desc t = {.kind = FD_OP_TRANSPOSE, .name = "batch moves", .inputs = 1, .input = {SHAPE(16, 2)},
                    .output = SHAPE(2, 16), .permutation = {1, 0}};
    assert_false(fd_lanes_accepts(&t));
    fd_op_desc r = {.kind = FD_OP_RESHAPE, .name = "batch folds", .inputs = 1, .input = {SHAPE(16, 2)}, .output = SHAPE(32)};
    assert_false(fd_lanes_accepts(&r));
    fd_op_desc s = {.kind = FD_OP_SOFTMAX, .name = "over samples", .inputs = 1, .input = {SHAPE(16, 2)}, .output = SHAPE(16, 2), .axis = 0};
    assert_false(fd_lanes_accepts(&s));
    fd_op_desc a = {.kind = FD_OP_ACTIVATE, .name = "tanh", .inputs = 1, .input = {SHAPE(16, 2)},
                    .output = SHAPE(16, 2), .activation = FD_ACT_TANH};
    assert_false(fd_lanes_accepts(&a));
    float one = 1.0f;
    fd_op_desc b = {.kind = FD_OP_BINARY, .name = "constant", .inputs = 1, .input = {SHAPE(16, 2)},
                    .output = SHAPE(16, 2), .constant = {NULL, &one},
                    .constant_shape = SHAPE(1)};
    assert_false(fd_lanes_accepts(&b));
}

static void test_suits(void **state)
{
    (void)state;
    fd_op_desc ops[2] = {{.kind = FD_OP_CONV, .name = "conv", .inputs = 1, .input = {SHAPE(16, 3, 64, 64)},
                          .output = SHAPE(16, 8, 62, 62), .groups = 1},
                         {.kind = FD_OP_ACTIVATE, .name = "relu", .inputs = 1, .input = {SHAPE(16, 8, 62, 62)}, .output = SHAPE(16, 8, 62, 62),
                          .activation = FD_ACT_RELU}};
    assert_true(fd_lanes_suits(ops, 2));
    assert_false(fd_lanes_suits(ops + 1, 1));   /* nothing to gain */
    ops[1].activation = FD_ACT_SIGMOID;
    assert_false(fd_lanes_suits(ops, 2));       /* one is not offered */
    ops[0].input[0].dim[0] = ops[0].output.dim[0] = 24;
    assert_false(fd_lanes_suits(ops, 1));       /* half a group would idle */
    ops[0].input[0] = SHAPE(16, 3, 112, 112);
    ops[0].output = SHAPE(16, 8, 110, 110);
    assert_false(fd_lanes_suits(ops, 1));       /* too large */
    ops[0].input[0] = SHAPE(16, 3, 64, 64);
    ops[0].output = SHAPE(16, 64, 62, 62);
    assert_false(fd_lanes_suits(ops, 1));       /* 15 MiB of results */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conv),    cmocka_unit_test(test_conv_of_one_axis), cmocka_unit_test(test_gemm),
                                       cmocka_unit_test(test_pool),    cmocka_unit_test(test_elementwise),      cmocka_unit_test(test_softmax),
                                       cmocka_unit_test(test_moves),   cmocka_unit_test(test_declined),         cmocka_unit_test(test_suits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
