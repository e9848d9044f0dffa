/* The fused P-Net against a plain one in double, on every instruction set of this processor. */
#include "check.h"

#include <math.h>

#include "base/memory.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/pnet.h"
#include "kernels/math/softmax.h"

static const int lanes_of[FD_ISA_COUNT] = {4, 8, 16};

typedef struct net {
    fd_pnet_desc desc;
    float *array[13];
    int arrays;
} net;

static uint32_t seed;

static double uniform(void)   /* -1 .. 1 */
{
    seed = seed * 1664525u + 1013904223u;
    return (double)(seed >> 8) / (1 << 23) - 1.0;
}

/* n random numbers: of -scale .. scale, or, for scale 0, the integers -2 .. 2. */
static float *numbers(size_t n, double scale)
{
    float *p;
    assert_ok(fd_alloc(&p, n, sizeof *p));
    for (size_t i = 0; i < n; i++)
        p[i] = (float)(scale > 0.0 ? scale * uniform() : round(2.0 * uniform()));
    return p;
}

static const float *keep(net *n, float *array)
{
    n->array[n->arrays++] = array;
    return array;
}

/* Weights that keep the activations near 1 (scale 1), or small integers (scale 0) of which every sum is exact in float32. */
static void make_net(net *n, const int channels[3], double scale)
{
    *n = (net){0};
    int in = 3;
    for (int i = 0; i < 3; i++) {
        int out = n->desc.channels[i] = channels[i];
        n->desc.weight[i] = keep(n, numbers((size_t)(out * in * 9), scale * 1.7 / sqrt(9.0 * in)));
        n->desc.bias[i] = keep(n, numbers((size_t)out, scale * 0.3));
        n->desc.slopes[i] = keep(n, numbers((size_t)out, scale));   /* of both signs: activation and max do not commute */
        in = out;
    }
    n->desc.box_weight = keep(n, numbers((size_t)(4 * in), scale * 0.5));
    n->desc.box_bias = keep(n, numbers(4, scale));
    n->desc.prob_weight = keep(n, numbers((size_t)(2 * in), scale));
    n->desc.prob_bias = keep(n, numbers(2, scale));
}

static void free_net(net *n)
{
    for (int i = 0; i < n->arrays; i++)
        free(n->array[i]);
}

/* ---- the plain P-Net ---- */

typedef struct volume { int c, h, w; double *v; } volume;

static double *at(const volume *x, int c, int i, int j)
{
    return &x->v[((size_t)c * (size_t)x->h + (size_t)i) * (size_t)x->w + (size_t)j];
}

static volume make_volume(int c, int h, int w)
{
    volume x = {c, h, w, NULL};
    assert_ok(fd_alloc(&x.v, (size_t)c * (size_t)h * (size_t)w, sizeof *x.v));
    return x;
}

/* k x k convolution and PReLU (slopes NULL: none); frees x. */
static volume convolve(volume x, const float *weight, const float *bias, const float *slopes, int out, int k)
{
    volume y = make_volume(out, x.h - k + 1, x.w - k + 1);
    for (int o = 0; o < out; o++) {
        for (int i = 0; i < y.h; i++) {
            for (int j = 0; j < y.w; j++) {
                double sum = (double)bias[o];
                for (int t = 0; t < x.c * k * k; t++)
                    sum += *at(&x, t / (k * k), i + t / k % k, j + t % k) * (double)weight[o * x.c * k * k + t];
                *at(&y, o, i, j) = slopes && sum < 0.0 ? sum * (double)slopes[o] : sum;
            }
        }
    }
    free(x.v);
    return y;
}

static volume pool(volume x)
{
    volume y = make_volume(x.c, (x.h + 1) / 2, (x.w + 1) / 2);
    for (int c = 0; c < x.c; c++) {
        for (int i = 0; i < y.h; i++) {
            for (int j = 0; j < y.w; j++) {
                double most = -INFINITY;
                for (int a = 2 * i; a < 2 * i + 2 && a < x.h; a++) {
                    for (int b = 2 * j; b < 2 * j + 2 && b < x.w; b++)
                        most = fmax(most, *at(&x, c, a, b));
                }
                *at(&y, c, i, j) = most;
            }
        }
    }
    free(x.v);
    return y;
}

static volume copy_of(const volume *x)
{
    volume y = make_volume(x->c, x->h, x->w);
    memcpy(y.v, x->v, (size_t)x->c * (size_t)x->h * (size_t)x->w * sizeof *y.v);
    return y;
}

static void plain(const fd_pnet_desc *d, const float *image, int h, int w, volume *box, volume *logit)
{
    volume x = make_volume(3, h, w);
    for (int i = 0; i < 3 * h * w; i++)
        x.v[i] = (double)image[i];
    x = pool(convolve(x, d->weight[0], d->bias[0], d->slopes[0], d->channels[0], 3));
    x = convolve(x, d->weight[1], d->bias[1], d->slopes[1], d->channels[1], 3);
    x = convolve(x, d->weight[2], d->bias[2], d->slopes[2], d->channels[2], 3);
    *box = convolve(copy_of(&x), d->box_weight, d->box_bias, NULL, 4, 1);
    *logit = convolve(x, d->prob_weight, d->prob_bias, NULL, 2, 1);
}

/* ---- runs ---- */

typedef struct answer { int h, w; float *box, *prob; } answer;

/* Every array ends where it must, so that a sanitizer sees a step too far; the scratch is full of the worst that can be left over. */
static answer run(const fd_pnet *p, const float *image, int h, int w, uint32_t garbage)
{
    answer a = {(h - 1) / 2 - 4, (w - 1) / 2 - 4, NULL, NULL};
    uint32_t *scratch;
    size_t bytes = fd_pnet_scratch(p);
    assert_ok(fd_alloc_aligned(&scratch, bytes, 1));
    for (size_t i = 0; i < bytes / sizeof *scratch; i++)
        scratch[i] = garbage;
    assert_ok(fd_alloc(&a.box, 4 * (size_t)a.h * (size_t)a.w, sizeof(float)));
    assert_ok(fd_alloc(&a.prob, 2 * (size_t)a.h * (size_t)a.w, sizeof(float)));
    fd_pnet_run(p, image, h, w, a.box, a.prob, scratch);
    free(scratch);
    return a;
}

static void free_answer(answer *a)
{
    free(a->box);
    free(a->prob);
}

static void for_each_isa(const net *n, void (*check)(const net *n, const fd_pnet *p))
{
    for (int i = 0; i < FD_ISA_COUNT; i++) {
        fd_isa isa;
        fd_error *missing = fd_isa_resolve(fd_isa_name((fd_isa)i), &isa);
        if (missing) {
            print_message("%s\n", fd_error_message(missing));
            fd_error_free(missing);
            continue;
        }
        fd_pnet *p;
        assert_ok(fd_pnet_prepare(&n->desc, lanes_of[i], &p));
        check(n, p);
        fd_pnet_free(p);
    }
}

static void compare(const net *n, const fd_pnet *p, int h, int w, double scale)
{
    float *image = numbers((size_t)(3 * h * w), scale);
    answer a = run(p, image, h, w, 0x7fa00000u /* a signalling NaN */);
    volume box, logit;
    plain(&n->desc, image, h, w, &box, &logit);
    assert_int_equal(a.h, box.h);
    assert_int_equal(a.w, box.w);
    const int cells = a.h * a.w;
    for (int i = 0; i < 4 * cells; i++) {
        /* The longest path rounds 27 + 9 c1 + 9 c2 + c3 < 500 times, values near 1: 500 * 2^-24 = 3e-5 at the very worst. */
        double bound = scale > 0.0 ? 1e-5 * (1.0 + fabs(box.v[i])) : 0.0;
        if (!(fabs((double)a.box[i] - box.v[i]) <= bound))
            fail_msg("box %d of %dx%d: %.9g, not %.9g", i, h, w, (double)a.box[i], box.v[i]);
    }
    for (int i = 0; i < 2 * cells; i++) {
        double other = logit.v[(i + cells) % (2 * cells)], wanted = 1.0 / (1.0 + exp(other - logit.v[i]));
        if (!(fabs((double)a.prob[i] - wanted) <= 1e-5))
            fail_msg("prob %d of %dx%d: %.9g, not %.9g", i, h, w, (double)a.prob[i], wanted);
    }
    free(box.v);
    free(logit.v);
    free_answer(&a);
    free(image);
}

static void check_integers(const net *n, const fd_pnet *p)
{
    for (int h = 12; h < 16; h++) {
        for (int w = 12; w < 60; w += 5)
            compare(n, p, h, w, 0.0);
    }
}

static void check_sizes(const net *n, const fd_pnet *p)
{
    static const int sizes[][2] = {{12, 12}, {12, 16}, {13, 13}, {17, 12}, {23, 31}, {45, 61}, {64, 96}, {12, 1100}, {13, 1041}, {700, 13}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        compare(n, p, sizes[i][0], sizes[i][1], 1.0);
}

static void test_integers(void **state)
{
    (void)state;
    net n;
    seed = 1;
    make_net(&n, (const int[]){2, 3, 4}, 0.0);   /* few channels: the largest sum stays below 2^24 */
    for_each_isa(&n, check_integers);
    free_net(&n);
}

static void test_sizes(void **state)
{
    (void)state;
    static const int channels[][3] = {{10, 16, 32}, {16, 16, 32}, {1, 7, 13}, {9, 20, 3}};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        net n;
        seed = (uint32_t)i;
        make_net(&n, channels[i], 1.0);
        for_each_isa(&n, check_sizes);
        free_net(&n);
    }
}

/* Cells of the tile whose first pixel is (y, x) must be those of the whole, bit for bit. */
static void check_tile(const fd_pnet *p, const float *image, int w, int plane, const answer *whole, const int tile[4])
{
    const int y = tile[0], x = tile[1], th = tile[2], tw = tile[3];
    float *part;
    assert_ok(fd_alloc(&part, 3 * (size_t)th * (size_t)tw, sizeof *part));
    for (int i = 0; i < 3 * th; i++)
        memcpy(part + i * tw, image + i / th * plane + (y + i % th) * w + x, (size_t)tw * sizeof *part);
    answer a = run(p, part, th, tw, 0x00000001u /* the smallest denormal */);
    for (int i = 0; i < 6 * a.h; i++) {
        int c = i / a.h, row = i % a.h + y / 2;
        const float *mine = c < 4 ? a.box + (c * a.h + i % a.h) * a.w : a.prob + ((c - 4) * a.h + i % a.h) * a.w;
        const float *all = c < 4 ? whole->box + (c * whole->h + row) * whole->w : whole->prob + ((c - 4) * whole->h + row) * whole->w;
        assert_memory_equal(mine, all + x / 2, (size_t)a.w * sizeof *mine);
    }
    free_answer(&a);
    free(part);
}

static void check_strips(const net *n, const fd_pnet *p)
{
    (void)n;
    enum { H = 75, W = 1163 };   /* wide enough for two tiles of columns inside */
    float *image = numbers(3 * H * W, 1.0);
    answer whole = run(p, image, H, W, 0xffc00000u);
    static const int tiles[][4] = {{0, 0, H, W}, {0, 0, 12, W}, {2, 0, 20, W}, {20, 0, H - 20, W}, {0, 2, H, 12}, {0, 30, H, 38},
                                   {4, 6, 22, 48}, {H - 13, 0, 13, W}, {8, W - 31, 40, 31}, {H - 17, W - 1063, 17, 1063},
                                   {0, 1000, H, W - 1000}};
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        assert_true(tiles[i][0] % 2 == 0 && tiles[i][1] % 2 == 0);
        check_tile(p, image, W, H * W, &whole, tiles[i]);
    }
    free_answer(&whole);
    free(image);
}

static void test_strips(void **state)
{
    (void)state;
    net n;
    seed = 7;
    make_net(&n, (const int[]){10, 16, 32}, 1.0);
    for_each_isa(&n, check_strips);
    free_net(&n);
}

/* Scores are those of the one definition that all engines share, to the bit: the boxes show the logits. */
static void check_scores(const net *n, const fd_pnet *p)
{
    (void)n;
    enum { H = 40, W = 91, CELLS = 15 * 41 };
    float *image = numbers(3 * H * W, 30.0);   /* logits from one extreme to the other */
    answer a = run(p, image, H, W, 0);
    for (int i = 0; i < CELLS; i++) {
        float one = fd_softmax2(a.box[i], a.box[CELLS + i]), zero = fd_softmax2(a.box[CELLS + i], a.box[i]);
        assert_memory_equal(&a.prob[i], &zero, sizeof zero);
        assert_memory_equal(&a.prob[CELLS + i], &one, sizeof one);
    }
    free_answer(&a);
    free(image);
}

static void test_scores(void **state)
{
    (void)state;
    net n;
    seed = 3;
    make_net(&n, (const int[]){10, 16, 32}, 1.0);
    n.desc.prob_weight = n.desc.box_weight;
    n.desc.prob_bias = n.desc.box_bias;
    for_each_isa(&n, check_scores);
    free_net(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_integers), cmocka_unit_test(test_sizes), cmocka_unit_test(test_strips),
                                       cmocka_unit_test(test_scores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
