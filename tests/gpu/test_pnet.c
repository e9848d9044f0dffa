/* The fused P-Net against the reference engine's layers, within a derived bound; and against itself: a cell is the same bits wherever it lies. */
#include "device.h"

#include <math.h>

#include "engine/ref/ref.h"
#include "kernels/math/softmax.h"
#include "kernels/pnet.h"

enum { MOST_CHANNELS = 40, MOST_SIDE = 90, MOST_CELLS = MOST_SIDE * MOST_SIDE / 4 };
static uint32_t seed = 3;

/* A network with weights of its own. */
typedef struct net {
    fd_pnet_weights w;
    float weight[3][MOST_CHANNELS * MOST_CHANNELS * 9], bias[3][MOST_CHANNELS], slopes[3][MOST_CHANNELS], head[6 * MOST_CHANNELS], head_bias[6];
} net;

static net *make_net(int c1, int c2, int c3)
{
    net *m = test_calloc(1, sizeof *m);
    const int c[4] = {3, c1, c2, c3};
    m->w = (fd_pnet_weights){.channels = {c1, c2, c3}, .box_weight = m->head, .box_bias = m->head_bias, .prob_weight = m->head + 4 * c3, .prob_bias = m->head_bias + 4};
    for (int k = 0; k < 3; k++) {
        m->w.weight[k] = draw_floats(m->weight[k], c[k + 1] * c[k] * 9, &seed);
        m->w.bias[k] = draw_floats(m->bias[k], c[k + 1], &seed);
        m->w.slopes[k] = draw_floats(m->slopes[k], c[k + 1], &seed);
        for (int i = 0; i < c[k + 1] * c[k] * 9; i++)
            m->weight[k][i] *= 2.0f / sqrtf((float)(c[k] * 9));
    }
    draw_floats(m->head, 6 * c3, &seed);
    draw_floats(m->head_bias, 6, &seed);
    for (int i = 0; i < 6 * c3; i++)
        m->head[i] *= 0.5f / sqrtf((float)c3);
    return m;
}

/* Values and, beside each, a bound on how far the kernel's may be from it. */
typedef struct plane { int64_t c, h, w; float *v, *bound; } plane;

static plane make_plane(int64_t c, int64_t h, int64_t w)
{
    const size_t n = (size_t)(c * h * w);
    return (plane){c, h, w, test_calloc(n, sizeof(float)), test_calloc(n, sizeof(float))};
}

static void free_plane(plane p)
{
    test_free(p.v);
    test_free(p.bound);
}

/* A convolution and PReLU by ref, and the bound behind it: a sum of n terms by fused operations is off by at most n 2^-24 of the sum of the terms'
 * sizes, beside what its inputs were off; a slope is at most 1, and its product rounds once. Sizes and bounds go through ref as the same
 * convolution of absolute values. */
static plane layer(plane in, int64_t out, const float *weight, const float *bias, const float *slopes, int64_t kernel)
{
    const int64_t n = in.c * kernel * kernel;
    plane p = make_plane(out, in.h - kernel + 1, in.w - kernel + 1);
    const size_t n_in = (size_t)(in.c * in.h * in.w), n_w = (size_t)(out * n);
    float *size = test_calloc(n_in, sizeof *size), *positive = test_calloc(n_w, sizeof *positive), *sizes = test_calloc((size_t)(out * p.h * p.w), sizeof *sizes);
    fd_op_desc d = {.kind = FD_OP_CONV, .inputs = 1, .input = {{.rank = 4, .dim = {1, in.c, in.h, in.w}}}, .output = {.rank = 4, .dim = {1, out, p.h, p.w}},
                    .kernel = {kernel, kernel}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .weight = weight, .bias = bias,
                    .activation = slopes ? FD_ACT_PRELU : FD_ACT_NONE, .slopes = slopes, .n_slopes = out};
    fd_ref_conv(&d, (const float *[]){in.v}, p.v);
    for (size_t i = 0; i < n_in; i++)
        size[i] = fabsf(in.v[i]) + in.bound[i];
    for (size_t i = 0; i < n_w; i++)
        positive[i] = fabsf(weight[i]);
    d.weight = positive;
    d.bias = NULL;
    d.activation = FD_ACT_NONE;
    fd_ref_conv(&d, (const float *[]){size}, sizes);
    fd_ref_conv(&d, (const float *[]){in.bound}, p.bound);
    for (int64_t i = 0; i < out * p.h * p.w; i++)
        p.bound[i] = p.bound[i] * 1.001f + (sizes[i] + fabsf(bias[i / (p.h * p.w)])) * (float)(n + 3) * 0x1p-24f;
    test_free(size);
    test_free(positive);
    test_free(sizes);
    free_plane(in);
    return p;
}

/* 2x2 with ceil mode; the largest value is off by at most the largest bound. */
static plane pool(plane in)
{
    plane p = make_plane(in.c, (in.h + 1) / 2, (in.w + 1) / 2);
    const fd_op_desc d = {.kind = FD_OP_POOL, .input = {{.rank = 4, .dim = {1, in.c, in.h, in.w}}}, .output = {.rank = 4, .dim = {1, in.c, p.h, p.w}},
                          .kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}, .pool_max = true};
    fd_ref_pool(&d, (const float *[]){in.v}, p.v);
    fd_ref_pool(&d, (const float *[]){in.bound}, p.bound);
    free_plane(in);
    return p;
}

/* Sums of the six heads, with bounds. */
static plane expected(const net *m, const float *image, int64_t h, int64_t w)
{
    plane p = make_plane(3, h, w);
    memcpy(p.v, image, (size_t)(3 * h * w) * sizeof *image);
    p = pool(layer(p, m->w.channels[0], m->w.weight[0], m->w.bias[0], m->w.slopes[0], 3));
    p = layer(p, m->w.channels[1], m->w.weight[1], m->w.bias[1], m->w.slopes[1], 3);
    p = layer(p, m->w.channels[2], m->w.weight[2], m->w.bias[2], m->w.slopes[2], 3);
    return layer(p, 6, m->head, m->head_bias, NULL, 1);
}

static void run(const net *m, const float *image, int64_t h, int64_t w, float *box, float *prob)
{
    const int64_t cells = ((h - 1) / 2 - 4) * ((w - 1) / 2 - 4);
    float *packed = test_calloc((size_t)fd_pnet_packed(m->w.channels), sizeof *packed);
    fd_pnet_pack(&m->w, packed);
    const fd_pnet_image job = {on_device(image, (size_t)(3 * h * w) * sizeof *image), h, w, on_device(NULL, (size_t)cells * 4 * sizeof *box),
                               on_device(NULL, (size_t)cells * 2 * sizeof *prob)};
    assert_cuda(fd_pnet(m->w.channels, on_device(packed, (size_t)fd_pnet_packed(m->w.channels) * sizeof *packed), job, stream));
    from_device(box, job.box, (size_t)cells * 4 * sizeof *box);
    from_device(prob, job.prob, (size_t)cells * 2 * sizeof *prob);
    test_free(packed);
}

static float image[3 * MOST_SIDE * MOST_SIDE], box[4 * MOST_CELLS], prob[2 * MOST_CELLS];

/* A score is off by at most a quarter of what the difference of its two sums is off, and a few roundings of its own. */
static void compare_with_ref(const net *m, int64_t h, int64_t w)
{
    draw_floats(image, 3 * h * w, &seed);
    const plane p = expected(m, image, h, w);
    const int64_t cells = p.h * p.w;
    run(m, image, h, w, box, prob);
    for (int64_t i = 0; i < 4 * cells; i++)
        assert_true(fabsf(box[i] - p.v[i]) <= p.bound[i]);
    for (int64_t i = 0; i < cells; i++) {
        const float a = p.v[4 * cells + i], b = p.v[5 * cells + i], bound = (p.bound[4 * cells + i] + p.bound[5 * cells + i]) / 4 + 8 * 0x1p-24f;
        assert_true(fabsf(prob[cells + i] - fd_softmax2(a, b)) <= bound);
        assert_true(fabsf(prob[i] - fd_softmax2(b, a)) <= bound);
        assert_true(bound < 1e-2f);   /* or the test says nothing */
    }
    free_plane(p);
}

static void test_published(void **state)
{
    (void)state;
    net *m = make_net(10, 16, 32);
    compare_with_ref(m, 12, 12);
    compare_with_ref(m, 13, 46);
    compare_with_ref(m, 44, 45);
    compare_with_ref(m, 77, 50);
    test_free(m);
}

static void test_other_channels(void **state)
{
    (void)state;
    static const int channels[][3] = {{3, 5, 7}, {12, 16, 32}, {40, 40, 40}};
    for (int k = 0; k < 3; k++) {
        net *m = make_net(channels[k][0], channels[k][1], channels[k][2]);
        compare_with_ref(m, 13, 12);
        compare_with_ref(m, 33, 40);
        test_free(m);
    }
}

/* The cells of a window cut out at even offsets are those of the whole image, bit for bit. */
static void test_place(void **state)
{
    enum { H = 70, W = 81, TOP = 6, LEFT = 20, HEIGHT = 40, WIDTH = 50 };
    static float part[3 * HEIGHT * WIDTH], part_box[4 * MOST_CELLS], part_prob[2 * MOST_CELLS];
    (void)state;
    net *m = make_net(10, 16, 32);
    draw_floats(image, 3 * H * W, &seed);
    for (int i = 0; i < 3 * HEIGHT * WIDTH; i++)
        part[i] = image[(i / WIDTH / HEIGHT * H + TOP + i / WIDTH % HEIGHT) * W + LEFT + i % WIDTH];
    run(m, image, H, W, box, prob);
    run(m, part, HEIGHT, WIDTH, part_box, part_prob);
    const int rows = (H - 1) / 2 - 4, columns = (W - 1) / 2 - 4, part_rows = (HEIGHT - 1) / 2 - 4, part_columns = (WIDTH - 1) / 2 - 4;
    for (int i = 0; i < part_rows; i++)
        for (int c = 0; c < 6; c++) {
            const float *whole = (c < 4 ? box + c * rows * columns : prob + (c - 4) * rows * columns) + (i + TOP / 2) * columns + LEFT / 2;
            const float *cut = (c < 4 ? part_box + c * part_rows * part_columns : part_prob + (c - 4) * part_rows * part_columns) + i * part_columns;
            assert_memory_equal(cut, whole, (size_t)part_columns * sizeof *cut);
        }
    test_free(m);
}

/* Both kernels do the same operations: a network with channels that do nothing, too many for the fast one, gives the same bits. */
static void test_both_kernels(void **state)
{
    enum { H = 50, W = 47, CELLS = 20 * 19 };
    static float other_box[4 * CELLS], other_prob[2 * CELLS];
    (void)state;
    net *m = make_net(10, 16, 32), *wide = test_calloc(1, sizeof *wide);
    wide->w = m->w;
    wide->w.channels[2] = 33;
    for (int k = 0; k < 3; k++)
        memcpy(wide->weight[k], m->weight[k], sizeof m->weight[k]);
    memset(wide->weight[2] + 32 * 16 * 9, 0, 16 * 9 * sizeof(float));
    memcpy(wide->bias, m->bias, sizeof m->bias);
    memcpy(wide->slopes, m->slopes, sizeof m->slopes);
    wide->bias[2][32] = 0;
    for (int k = 0; k < 3; k++) {
        wide->w.weight[k] = wide->weight[k];
        wide->w.bias[k] = wide->bias[k];
        wide->w.slopes[k] = wide->slopes[k];
    }
    for (int h = 0; h < 6; h++)
        memcpy(wide->head + h * 33, m->head + h * 32, 32 * sizeof(float));
    wide->w.box_weight = wide->head;
    wide->w.prob_weight = wide->head + 4 * 33;
    draw_floats(image, 3 * H * W, &seed);
    run(m, image, H, W, box, prob);
    run(wide, image, H, W, other_box, other_prob);
    assert_memory_equal(other_box, box, sizeof other_box);
    assert_memory_equal(other_prob, prob, sizeof other_prob);
    test_free(m);
    test_free(wide);
}

DEVICE_TESTS(device_test(test_published), device_test(test_other_channels), device_test(test_place), device_test(test_both_kernels))
