/* Kernels of network operators against the reference engine's loops: bit for bit where both do the same operations, else within a bound that is
 * derived where it stands. */
#include "device.h"

#include <math.h>

#include "engine/ref/ref.h"
#include "kernels/binary.h"
#include "kernels/convert.h"
#include "kernels/depthwise.h"
#include "kernels/gather.h"
#include "kernels/lpnorm.h"
#include "kernels/math/half.h"
#include "kernels/pad.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/softmax.h"

enum { MOST = 8192 };
static float x[MOST], second[MOST], wanted[MOST], got[MOST];
static uint32_t seed = 7;

static fd_tensor shape(int rank, const int64_t *dim)
{
    fd_tensor t = {.rank = rank};
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    return t;
}
#define SHAPE(...) shape((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__})

/* n elements of wanted and got; `units`: of the last place that they may differ by. */
static void compare(const float *device, int64_t n, int units)
{
    from_device(got, device, (size_t)n * sizeof *got);
    for (int64_t i = 0; i < n; i++) {
        float near = wanted[i];
        for (int u = 0; u < units; u++)
            near = nextafterf(near, got[i]);
        if (memcmp(&near, &got[i], sizeof near) != 0 && !(near == 0 && got[i] == 0))
            fail_msg("element %d: %.9g, wanted %.9g", (int)i, (double)got[i], (double)wanted[i]);
    }
}

static float *draws(float *to, int64_t n)
{
    assert_true(n <= MOST);
    return on_device(draw_floats(to, n, &seed), (size_t)n * sizeof *to);
}

/* Every activation, with and without scale, bias and residual: each is a float32 operation of its own. */
static void test_epilogue(void **state)
{
    enum { N = 3, C = 5, INNER = 77, COUNT = N * C * INNER };
    (void)state;
    static float scale[C], bias[C], slopes[C];
    float *in = draws(x, COUNT), *out = on_device(NULL, sizeof got), *residual = draws(second, COUNT);
    const float *device_scale = draws(scale, C), *device_bias = draws(bias, C), *device_slopes = draws(slopes, C);
    for (int kind = FD_CURVE_NONE; kind <= FD_CURVE_SQRT; kind++)
        for (int parts = 0; parts < 8; parts++) {
            const fd_op_desc d = {.activation = (fd_activation)kind, .low = -0.2f, .high = 0.3f, .slope = 0.1f, .slopes = slopes};
            const fd_finish finish = {parts & 1 ? device_scale : NULL, parts & 2 ? device_bias : NULL, parts & 4 ? residual : NULL,
                                      {kind, -0.2f, 0.3f, 0.1f, device_slopes}, C, INNER};
            for (int i = 0; i < COUNT; i++) {
                const int c = i / INNER % C;
                float v = parts & 1 ? x[i] * scale[c] : x[i];
                v = parts & 2 ? v + bias[c] : v;
                v = parts & 4 ? v + second[i] : v;
                wanted[i] = fd_ref_activation(&d, kind == FD_CURVE_SQRT ? fabsf(v) : v, c);
            }
            const bool by_double = kind == FD_CURVE_SIGMOID || kind == FD_CURVE_TANH;   /* exp and tanh of double are within 2 units of the last place */
            if (kind == FD_CURVE_SQRT && parts)
                continue;   /* of negative numbers */
            if (kind == FD_CURVE_SQRT)
                for (int i = 0; i < COUNT; i++)
                    x[i] = fabsf(x[i]);
            if (kind == FD_CURVE_SQRT)
                in = on_device(x, COUNT * sizeof *x);
            assert_cuda(fd_epilogue(in, out, COUNT, finish, stream));
            compare(out, COUNT, by_double ? 1 : 0);
        }
    assert_cuda(fd_epilogue(in, in, COUNT, (fd_finish){.channels = 1, .inner = COUNT}, stream));   /* in place */
    memcpy(wanted, x, sizeof x);
    compare(in, COUNT, 0);
}

/* Small integers: every sum is exact, so the kernel must give ref's numbers. Then random ones within a bound: `taps` fused multiply-adds, each off
 * by at most 2^-24 of a sum below `taps`. */
static void depthwise_case(fd_window2 s, bool exact)
{
    const int64_t taps = s.kernel[0] * s.kernel[1], n = s.n * s.c * s.height * s.width, n_out = s.n * s.c * s.out_height * s.out_width;
    static float weight[256];
    draw_floats(x, n, &seed);
    draw_floats(weight, s.c * taps, &seed);
    for (int64_t i = 0; exact && i < n; i++)
        x[i] = rintf(x[i] * 8);
    for (int64_t i = 0; exact && i < s.c * taps; i++)
        weight[i] = rintf(weight[i] * 8);
    const fd_op_desc d = {.kind = FD_OP_CONV, .inputs = 1, .input = {SHAPE(s.n, s.c, s.height, s.width)}, .output = SHAPE(s.n, s.c, s.out_height, s.out_width),
                          .kernel = {s.kernel[0], s.kernel[1]}, .stride = {s.stride[0], s.stride[1]}, .dilation = {s.dilation[0], s.dilation[1]},
                          .pad_begin = {s.pad[0], s.pad[1]}, .groups = s.c, .weight = weight, .activation = FD_ACT_LEAKY, .slope = 0.25f};
    fd_ref_conv(&d, (const float *[]){x}, wanted);
    float *out = on_device(NULL, sizeof got);
    const fd_finish finish = {.curve = {.kind = FD_CURVE_LEAKY, .slope = 0.25f}};
    assert_cuda(fd_depthwise(s, on_device(x, (size_t)n * sizeof *x), on_device(weight, (size_t)(s.c * taps) * sizeof *weight), finish, out, stream));
    if (exact) {
        compare(out, n_out, 0);
        return;
    }
    from_device(got, out, (size_t)n_out * sizeof *got);
    for (int64_t i = 0; i < n_out; i++)
        assert_true(fabsf(got[i] - wanted[i]) <= (float)(taps * (taps + 1)) * 0x1p-24f);
}

static void test_depthwise(void **state)
{
    (void)state;
    static const fd_window2 cases[] = {
        {2, 3, 13, 17, 13, 17, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, {1, 4, 14, 9, 7, 5, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
        {3, 2, 7, 7, 1, 1, {7, 7}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},     {1, 2, 9, 20, 7, 9, {3, 2}, {1, 2}, {2, 3}, {1, 0}, {1, 0}},
        {1, 1, 40, 40, 38, 38, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int exact = 0; exact < 2; exact++)
            depthwise_case(cases[k], exact);
}

static void test_pool(void **state)
{
    (void)state;
    static const fd_window2 cases[] = {
        {2, 3, 13, 17, 7, 9, {2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},       /* ceil mode: windows hang over */
        {1, 4, 14, 9, 7, 5, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},        {2, 2, 7, 6, 1, 1, {7, 6}, {7, 6}, {1, 1}, {0, 0}, {0, 0}},
        {1, 2, 9, 20, 5, 10, {3, 2}, {2, 2}, {2, 3}, {1, 1}, {2, 1}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int kind = 0; kind < 3; kind++) {   /* mean, mean with padding, max */
            const fd_window2 s = cases[k];
            const fd_op_desc d = {.kind = FD_OP_POOL, .input = {SHAPE(s.n, s.c, s.height, s.width)}, .output = SHAPE(s.n, s.c, s.out_height, s.out_width),
                                  .kernel = {s.kernel[0], s.kernel[1]}, .stride = {s.stride[0], s.stride[1]}, .dilation = {s.dilation[0], s.dilation[1]},
                                  .pad_begin = {s.pad[0], s.pad[1]}, .pad_end = {s.pad_end[0], s.pad_end[1]}, .pool_max = kind == 2, .count_include_pad = kind == 1};
            const float *in = draws(x, s.n * s.c * s.height * s.width);
            float *out = on_device(NULL, sizeof got);
            fd_ref_pool(&d, (const float *[]){x}, wanted);
            assert_cuda(fd_pool(s, kind == 2, kind == 1, in, out, stream));
            compare(out, s.n * s.c * s.out_height * s.out_width, 0);
        }
}

/* Two classes: an exponential within 2 units of the last place, a sum and a quotient: 4 are enough. More: double functions, rounded once. */
static void test_softmax_and_lpnorm(void **state)
{
    (void)state;
    for (int n = 1; n < 9; n++)
        for (int p = 0; p <= 2; p++) {   /* 0: softmax */
            const fd_op_desc d = {.input = {SHAPE(5, n, 11)}, .axis = 1, .p = p};
            const float *in = draws(x, 5 * n * 11);
            float *out = on_device(NULL, sizeof got);
            (p ? fd_ref_lpnorm : fd_ref_softmax)(&d, (const float *[]){x}, wanted);
            assert_cuda(p ? fd_lpnorm(in, out, p, 5, n, 11, stream) : fd_softmax(in, out, 5, n, 11, stream));
            compare(out, 5 * n * 11, p ? 0 : n == 2 ? 4 : 1);
        }
}

static void strides_of(const fd_tensor *t, int rank, int64_t *strides)
{
    int64_t own[FD_MAX_RANK] = {0};
    fd_plain_strides(t, own);
    for (int i = 0; i < rank; i++)
        strides[i] = i < rank - t->rank ? 0 : own[i - (rank - t->rank)];
}

static void test_binary(void **state)
{
    (void)state;
    const fd_tensor shapes[][3] = {{SHAPE(3, 4, 5), SHAPE(3, 4, 5), SHAPE(3, 4, 5)}, {SHAPE(3, 1, 5), SHAPE(4, 1), SHAPE(3, 4, 5)},
                                   {SHAPE(1), SHAPE(2, 3, 4, 2, 3), SHAPE(2, 3, 4, 2, 3)}, {SHAPE(6, 1, 7), SHAPE(1, 5, 1), SHAPE(6, 5, 7)}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (int kind = FD_BIN_ADD; kind <= FD_BIN_POW; kind++) {
            fd_op_desc d = {.binary = (fd_binary)kind, .input = {shapes[k][0], shapes[k][1]}, .output = shapes[k][2]};
            fd_broadcast s = {.rank = d.output.rank};
            memcpy(s.dim, d.output.dim, sizeof s.dim);
            strides_of(&d.input[0], s.rank, s.a);
            strides_of(&d.input[1], s.rank, s.b);
            draw_floats(x, fd_tensor_count(&d.input[0]), &seed);
            for (int i = 0; i < fd_tensor_count(&d.input[0]); i++)
                x[i] += 1.5f;
            const float *a = on_device(x, MOST * sizeof *x), *b = draws(second, fd_tensor_count(&d.input[1]));
            float *out = on_device(NULL, sizeof got);
            fd_ref_binary(&d, (const float *[]){x, second}, wanted);
            assert_cuda(fd_binary_op(kind, s, a, b, out, stream));
            compare(out, fd_tensor_count(&d.output), kind == FD_BIN_POW);
        }
}

/* A transpose, a slice backwards and an expansion, as views. */
static void test_view(void **state)
{
    (void)state;
    const fd_op_desc transpose = {.input = {SHAPE(2, 3, 4, 5)}, .output = SHAPE(4, 2, 5, 3), .permutation = {2, 0, 3, 1}};
    const fd_op_desc slice = {.input = {SHAPE(6, 7, 5)}, .output = SHAPE(3, 4, 2), .start = {5, 0, 1}, .step = {-2, 2, 3}};
    const fd_op_desc expand = {.input = {SHAPE(3, 1)}, .output = SHAPE(2, 3, 4)};
    const float *in = draws(x, 210);
    float *out = on_device(NULL, sizeof got);
    fd_ref_transpose(&transpose, (const float *[]){x}, wanted);
    assert_cuda(fd_copy_view((fd_view){4, {4, 2, 5, 3}, {5, 60, 1, 20}, {30, 15, 3, 1}}, in, out, stream));
    compare(out, 120, 0);
    fd_ref_slice(&slice, (const float *[]){x}, wanted);
    assert_cuda(fd_copy_view((fd_view){3, {3, 4, 2}, {-70, 10, 3}, {8, 2, 1}}, in + 5 * 35 + 1, out, stream));
    compare(out, 24, 0);
    fd_ref_expand(&expand, (const float *[]){x}, wanted);
    assert_cuda(fd_copy_view((fd_view){3, {2, 3, 4}, {0, 1, 0}, {12, 4, 1}}, in, out, stream));
    compare(out, 24, 0);
    wanted[0] = x[3];
    assert_cuda(fd_copy_view((fd_view){.rank = 0}, in + 3, out, stream));
    compare(out, 1, 0);
}

static void test_pad_and_gather(void **state)
{
    (void)state;
    for (int mode = FD_PAD_CONSTANT; mode <= FD_PAD_EDGE; mode++) {
        const fd_op_desc d = {.input = {SHAPE(3, 4, 5)}, .output = SHAPE(5, 2, 9), .before = {1, -1, 2}, .after = {1, -1, 2}, .pad_mode = mode, .pad_value = 0.5f};
        const float *in = draws(x, 60);
        float *out = on_device(NULL, sizeof got);
        fd_ref_pad(&d, (const float *[]){x}, wanted);
        assert_cuda(fd_pad_op((fd_pad){3, {5, 2, 9}, {3, 4, 5}, {1, -1, 2}, mode, 0.5f}, in, out, stream));
        compare(out, 90, 0);
    }
    static const int64_t index[] = {3, 0, 0, 2, 1};
    const fd_op_desc d = {.input = {SHAPE(2, 4, 3)}, .output = SHAPE(2, 5, 3), .axis = 1, .indices = index, .n_indices = 5};
    float *out = on_device(NULL, sizeof got);
    const float *in = draws(x, 24);
    fd_ref_gather(&d, (const float *[]){x}, wanted);
    assert_cuda(fd_gather((fd_gathering){2, 4, 3, 5}, in, on_device(index, sizeof index), out, stream));
    compare(out, 30, 0);
}

/* All sets of axes of one array. */
static void test_reduce(void **state)
{
    (void)state;
    static const int64_t dim[4] = {3, 4, 5, 6};
    const float *in = draws(x, 360);
    float *out = on_device(NULL, sizeof got);
    for (unsigned set = 0; set < 16; set++)
        for (int kind = FD_RED_MEAN; kind <= FD_RED_L2; kind++) {
            fd_op_desc d = {.input = {SHAPE(3, 4, 5, 6)}, .reduce = (fd_reduce)kind};
            fd_reduction r = {.kind = kind};
            int64_t count = 1, strides[FD_MAX_RANK];
            fd_plain_strides(&d.input[0], strides);
            for (int i = 0; i < 4; i++) {
                d.axes[i] = set >> i & 1;
                if (d.axes[i]) {
                    r.gone_dim[r.gone] = dim[i];
                    r.gone_stride[r.gone++] = strides[i];
                    continue;
                }
                r.kept_dim[r.kept] = dim[i];
                r.kept_stride[r.kept++] = strides[i];
                count *= dim[i];
            }
            fd_ref_reduce(&d, (const float *[]){x}, wanted);
            assert_cuda(fd_reduce_op(r, in, out, stream));
            compare(out, count, 0);
        }
}

/* Known numbers, and every half back and forth. */
static void test_convert(void **state)
{
    (void)state;
    static const struct { float v; uint16_t half, bfloat; } known[] = {
        {0.0f, 0, 0}, {-0.0f, 0x8000, 0x8000}, {1.0f, 0x3c00, 0x3f80}, {-2.0f, 0xc000, 0xc000}, {65504.0f, 0x7bff, 0x4780}, {65519.9f, 0x7bff, 0x4780},
        {65520.0f, 0x7c00, 0x4780}, {1e10f, 0x7c00, 0x5015}, {0x1p-24f, 1, 0x3380}, {0x1p-25f, 0, 0x3300}, {0x1.8p-25f, 1, 0x3340},
        {0x1.002p0f, 0x3c00, 0x3f80}, {0x1.006p0f, 0x3c02, 0x3f80}, {0x1.01p0f, 0x3c04, 0x3f80}, {0x1.03p0f, 0x3c0c, 0x3f82}, {0x1.ff8p-15f, 0x03ff, 0x3880},
        {0x1.ffcp-15f, 0x0400, 0x3880}, {INFINITY, 0x7c00, 0x7f80},
    };
    enum { N = sizeof known / sizeof *known };
    uint16_t half[N + 1], bfloat[N + 1];
    for (int i = 0; i < N; i++)
        x[i] = known[i].v;
    x[N] = NAN;
    const float *in = on_device(x, (N + 1) * sizeof *x);
    uint16_t *a = on_device(NULL, sizeof half), *b = on_device(NULL, sizeof bfloat);
    assert_cuda(fd_to_half(in, a, N + 1, 0, stream));
    assert_cuda(fd_to_half(in, b, N + 1, 1, stream));
    from_device(half, a, sizeof half);
    from_device(bfloat, b, sizeof bfloat);
    for (int i = 0; i < N; i++) {
        assert_int_equal(half[i], known[i].half);
        assert_int_equal(bfloat[i], known[i].bfloat);
    }
    assert_true((half[N] & 0x7fff) > 0x7c00 && (bfloat[N] & 0x7fff) > 0x7f80);
    for (uint32_t h = 0; h < 0x7c00; h++) {
        const int e = (int)(h >> 10);
        const float v = e ? ldexpf((float)((h & 1023) | 1024), e - 25) : ldexpf((float)h, -24);
        assert_int_equal(fd_half_of(v), h);
    }
}

DEVICE_TESTS(device_test(test_epilogue), device_test(test_depthwise), device_test(test_pool), device_test(test_softmax_and_lpnorm), device_test(test_binary),
             device_test(test_view), device_test(test_pad_and_gather), device_test(test_reduce), device_test(test_convert))
