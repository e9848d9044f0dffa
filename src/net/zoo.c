/* Each layer is written down and computed at once, on the calibration batch: so a batch norm finds the mean and variance of what comes before it. */
#include "net/zoo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/op.h"
#include "net/author.h"

enum { CLASSES = 1000, CALIBRATION_BATCH = 2, CALIBRATION_SIZE = 96 };

typedef struct studio {
    fd_author *author;
    fd_engine *engine;   /* ref: the same numbers on every machine */
    fd_lane *lane;
    uint64_t seed;
    int values;          /* named so far */
} studio;

/* A value of the graph and its numbers on the calibration batch. */
typedef struct blob {
    char name[16];
    fd_tensor shape;
    float *data;         /* FD_ALIGN-aligned */
} blob;

/* The next of a fixed sequence in [-1, 1), by splitmix64 (Steele, Lea, Flood 2014): 24 bits, so that it is exact in float32. */
static float next_random(studio *s)
{
    uint64_t z = s->seed += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (float)(int64_t)((z ^ z >> 31) >> 40) * 0x1p-23f - 1;
}

/* Names the constant "VALUE.part" and adds it. */
static fd_error *add_constant(studio *s, const char *value, const char *part, int rank, const int64_t *dim, const float *data, char name[32])
{
    snprintf(name, 32, "%s.%s", value, part);
    return fd_author_constant(s->author, name, rank, dim, data);
}

/* Weights of the value that is about to be made; free(*data). */
static fd_error *add_weights(studio *s, const char *value, int rank, const int64_t *dim, char name[32], float **data)
{
    fd_error *err = NULL;
    int64_t fan_in = 1;
    for (int i = 1; i < rank; i++)
        fan_in *= dim[i];
    float bound = sqrtf(6 / (float)fan_in);   /* a uniform distribution of variance 2 / fan_in */
    FD_TRY(fd_alloc(data, (size_t)(dim[0] * fan_in), sizeof **data));
    for (int64_t i = 0; i < dim[0] * fan_in; i++)
        (*data)[i] = next_random(s) * bound;
    FD_TRY(add_constant(s, value, "weight", rank, dim, *data, name));
done:
    return err;
}

static void name_next(studio *s, char name[16])
{
    snprintf(name, 16, "v%d", s->values++);
}

/* x becomes what the operator makes of it, and of `other` where it takes two; d->output is its shape. */
static fd_error *compute(studio *s, fd_op_desc *d, blob *x, const blob *other)
{
    fd_error *err = NULL;
    fd_op *op = NULL;
    float *y = NULL;
    void *scratch;
    const fd_op_table *table = s->engine->kind->op;
    d->name = x->name;
    d->inputs = other ? 2 : 1;
    d->input[0] = x->shape;
    if (other)
        d->input[1] = other->shape;
    table->measure(s->engine, &d->output);
    FD_TRY(fd_alloc_aligned(&y, d->output.bytes, 1));
    FD_TRY(table->prepare(s->engine, d, &op));
    FD_TRY(s->engine->kind->lane_scratch(s->lane, table->scratch(op), &scratch));
    FD_TRY(table->run(op, s->lane, (const void *[]){x->data, other ? other->data : NULL}, y, scratch));
    free(x->data);
    x->data = y;
    x->shape = d->output;
    y = NULL;
done:
    table->release(op);
    free(y);
    return err;
}

static fd_tensor image_shape(int64_t n, int64_t c, int64_t h, int64_t w)
{
    return (fd_tensor){.rank = 4, .dim = {n, c, h, w}};
}

typedef struct window { int64_t kernel, stride, pad, groups; } window;

static int64_t slid(int64_t size, const window *w)
{
    return (size + 2 * w->pad - w->kernel) / w->stride + 1;
}

static fd_op_desc windowed(fd_op_kind kind, const blob *x, int64_t channels, const window *w)
{
    return (fd_op_desc){.kind = kind, .kernel = {w->kernel, w->kernel}, .stride = {w->stride, w->stride}, .dilation = {1, 1},
                        .pad_begin = {w->pad, w->pad}, .pad_end = {w->pad, w->pad}, .groups = w->groups,
                        .output = image_shape(x->shape.dim[0], channels, slid(x->shape.dim[2], w), slid(x->shape.dim[3], w))};
}

/* A convolution without bias: a batch norm follows. */
static fd_error *convolve(studio *s, blob *x, int64_t channels, window w)
{
    fd_error *err = NULL;
    char out[16], weight[32];
    float *data = NULL;
    int64_t dim[4] = {channels, x->shape.dim[1] / w.groups, w.kernel, w.kernel};
    fd_op_desc d = windowed(FD_OP_CONV, x, channels, &w);
    name_next(s, out);
    FD_TRY(add_weights(s, out, 4, dim, weight, &data));
    fd_node_text node = {"Conv", out, {x->name, weight},
                         {{"kernel_shape", 2, {w.kernel, w.kernel}, 0}, {"strides", 2, {w.stride, w.stride}, 0},
                          {"pads", 4, {w.pad, w.pad, w.pad, w.pad}, 0}, {"group", 1, {w.groups}, 0}}};
    FD_TRY(fd_author_node(s->author, &node));
    d.weight = data;
    FD_TRY(compute(s, &d, x, NULL));
    strcpy(x->name, out);
done:
    free(data);
    return err;
}

/* Mean and variance of channel c. */
static void moments(const blob *x, int64_t c, double *mean, double *variance)
{
    int64_t plane = x->shape.dim[2] * x->shape.dim[3], n = x->shape.dim[0] * plane;
    double sum = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < n; i++) {
            double v = (double)x->data[(i / plane * x->shape.dim[1] + c) * plane + i % plane];
            if (pass == 0)
                sum += v;
            else
                squares += (v - sum / (double)n) * (v - sum / (double)n);
        }
    }
    *mean = sum / (double)n;
    *variance = squares / (double)n;
}

static fd_error *normalize(studio *s, blob *x)
{
    static const char *const parts[4] = {"scale", "bias", "mean", "variance"};
    const float epsilon = 1e-5f;
    fd_error *err = NULL;
    char out[16], name[4][32];
    float *data = NULL;
    int64_t channels = x->shape.dim[1], plane = x->shape.dim[2] * x->shape.dim[3];
    FD_TRY(fd_alloc(&data, (size_t)channels, 4 * sizeof *data));
    for (int64_t c = 0; c < channels; c++) {
        double mean, variance;
        moments(x, c, &mean, &variance);
        data[c] = 1;
        data[2 * channels + c] = (float)mean;
        data[3 * channels + c] = (float)variance;
        for (int64_t i = 0; i < x->shape.dim[0] * plane; i++) {
            float *v = &x->data[(i / plane * channels + c) * plane + i % plane];
            *v = (*v - (float)mean) / sqrtf((float)variance + epsilon);
        }
    }
    name_next(s, out);
    for (int i = 0; i < 4; i++)
        FD_TRY(add_constant(s, out, parts[i], 1, &channels, data + i * channels, name[i]));
    fd_node_text node = {"BatchNormalization", out, {x->name, name[0], name[1], name[2], name[3]}, {{"epsilon", 0, {0}, epsilon}}};
    FD_TRY(fd_author_node(s->author, &node));
    strcpy(x->name, out);
done:
    free(data);
    return err;
}

/* Relu, or with a limit Clip from 0 to it. */
static fd_error *rectify(studio *s, blob *x, float limit)
{
    fd_error *err = NULL;
    char out[16], low[32], high[32];
    int64_t one = 1;
    fd_op_desc d = {.kind = FD_OP_ACTIVATE, .output = x->shape, .activation = limit > 0 ? FD_ACT_CLIP : FD_ACT_RELU, .low = 0, .high = limit};
    name_next(s, out);
    fd_node_text node = {limit > 0 ? "Clip" : "Relu", out, {x->name}, {{0}}};
    if (limit > 0) {
        FD_TRY(add_constant(s, out, "low", 0, &one, &d.low, low));
        FD_TRY(add_constant(s, out, "high", 0, &one, &limit, high));
        node.input[1] = low;
        node.input[2] = high;
    }
    FD_TRY(fd_author_node(s->author, &node));
    FD_TRY(compute(s, &d, x, NULL));
    strcpy(x->name, out);
done:
    return err;
}

static fd_error *pool(studio *s, blob *x, window w)
{
    fd_error *err = NULL;
    char out[16];
    fd_op_desc d = windowed(FD_OP_POOL, x, x->shape.dim[1], &w);
    d.pool_max = true;
    name_next(s, out);
    fd_node_text node = {"MaxPool", out, {x->name},
                         {{"kernel_shape", 2, {w.kernel, w.kernel}, 0}, {"strides", 2, {w.stride, w.stride}, 0}, {"pads", 4, {w.pad, w.pad, w.pad, w.pad}, 0}}};
    FD_TRY(fd_author_node(s->author, &node));
    FD_TRY(compute(s, &d, x, NULL));
    strcpy(x->name, out);
done:
    return err;
}

static fd_error *add(studio *s, blob *x, const blob *other)
{
    fd_error *err = NULL;
    char out[16];
    fd_op_desc d = {.kind = FD_OP_BINARY, .binary = FD_ADD, .output = x->shape};
    name_next(s, out);
    fd_node_text node = {"Add", out, {x->name, other->name}, {{0}}};
    FD_TRY(fd_author_node(s->author, &node));
    FD_TRY(compute(s, &d, x, other));
    strcpy(x->name, out);
done:
    return err;
}

/* Mean of each channel, then the classes. Nothing follows that would need the numbers. */
static fd_error *classify(studio *s, blob *x)
{
    fd_error *err = NULL;
    char weight[32], bias[32];
    float *data = NULL, *zeros = NULL;
    int64_t dim[2] = {CLASSES, x->shape.dim[1]}, classes = CLASSES;
    FD_TRY(fd_author_node(s->author, &(fd_node_text){"GlobalAveragePool", "pooled", {x->name}, {{0}}}));
    FD_TRY(fd_author_node(s->author, &(fd_node_text){"Flatten", "flat", {"pooled"}, {{"axis", 1, {1}, 0}}}));
    FD_TRY(add_weights(s, "logits", 2, dim, weight, &data));
    FD_TRY(fd_alloc(&zeros, CLASSES, sizeof *zeros));
    FD_TRY(add_constant(s, "logits", "bias", 1, &classes, zeros, bias));
    FD_TRY(fd_author_node(s->author, &(fd_node_text){"Gemm", "logits", {"flat", weight, bias}, {{"transB", 1, {1}, 0}}}));
done:
    free(data);
    free(zeros);
    return err;
}

static fd_error *conv_norm(studio *s, blob *x, int64_t channels, window w)
{
    fd_error *e = convolve(s, x, channels, w);
    return e ? e : normalize(s, x);
}

static fd_error *copy_blob(blob *to, const blob *from)
{
    size_t bytes = (size_t)fd_tensor_count(&from->shape) * sizeof *from->data;
    *to = *from;
    to->data = NULL;
    fd_error *e = fd_alloc_aligned(&to->data, bytes, 1);
    if (!e)
        memcpy(to->data, from->data, bytes);
    return e;
}

/* The basic block of He et al. 2016, figure 5; a change of shape goes through a 1x1 convolution (option B). */
static fd_error *residual_block(studio *s, blob *x, int64_t channels, int64_t stride)
{
    fd_error *err = NULL;
    blob shortcut = {.data = NULL};
    FD_TRY(copy_blob(&shortcut, x));
    FD_TRY(conv_norm(s, x, channels, (window){3, stride, 1, 1}));
    FD_TRY(rectify(s, x, 0));
    FD_TRY(conv_norm(s, x, channels, (window){3, 1, 1, 1}));
    if (stride != 1 || shortcut.shape.dim[1] != channels)
        FD_TRY(conv_norm(s, &shortcut, channels, (window){1, stride, 0, 1}));
    FD_TRY(add(s, x, &shortcut));
    FD_TRY(rectify(s, x, 0));
done:
    free(shortcut.data);
    return err;
}

static fd_error *resnet18(studio *s, blob *x)
{
    fd_error *err = NULL;
    FD_TRY(conv_norm(s, x, 64, (window){7, 2, 3, 1}));
    FD_TRY(rectify(s, x, 0));
    FD_TRY(pool(s, x, (window){3, 2, 1, 1}));
    for (int stage = 0; stage < 4; stage++) {
        FD_TRY(residual_block(s, x, 64 << stage, stage ? 2 : 1));
        FD_TRY(residual_block(s, x, 64 << stage, 1));
    }
    FD_TRY(classify(s, x));
done:
    return err;
}

/* The inverted residual with a linear bottleneck of Sandler et al. 2018, table 1. */
static fd_error *bottleneck(studio *s, blob *x, int64_t expand, int64_t channels, int64_t stride)
{
    fd_error *err = NULL;
    blob shortcut = {.data = NULL};
    int64_t wide = x->shape.dim[1] * expand;
    bool residual = stride == 1 && x->shape.dim[1] == channels;
    if (residual)
        FD_TRY(copy_blob(&shortcut, x));
    if (expand != 1) {
        FD_TRY(conv_norm(s, x, wide, (window){1, 1, 0, 1}));
        FD_TRY(rectify(s, x, 6));
    }
    FD_TRY(conv_norm(s, x, wide, (window){3, stride, 1, wide}));
    FD_TRY(rectify(s, x, 6));
    FD_TRY(conv_norm(s, x, channels, (window){1, 1, 0, 1}));
    if (residual)
        FD_TRY(add(s, x, &shortcut));
done:
    free(shortcut.data);
    return err;
}

static fd_error *mobilenetv2(studio *s, blob *x)
{
    static const struct { int64_t expand, channels, repeat, stride; } stage[] = {   /* table 2 of the paper */
        {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    fd_error *err = NULL;
    FD_TRY(conv_norm(s, x, 32, (window){3, 2, 1, 1}));
    FD_TRY(rectify(s, x, 6));
    for (size_t i = 0; i < sizeof stage / sizeof *stage; i++)
        for (int64_t k = 0; k < stage[i].repeat; k++)
            FD_TRY(bottleneck(s, x, stage[i].expand, stage[i].channels, k ? 1 : stage[i].stride));
    FD_TRY(conv_norm(s, x, 1280, (window){1, 1, 0, 1}));
    FD_TRY(rectify(s, x, 6));
    FD_TRY(classify(s, x));
done:
    return err;
}

static const struct { const char *name, *source; fd_error *(*make)(studio *s, blob *x); } zoo[] = {
    {"resnet18", "He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2016", resnet18},
    {"mobilenetv2", "Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018", mobilenetv2},
};
enum { ZOO = sizeof zoo / sizeof *zoo };

const char *fd_zoo_name(int i)
{
    return i >= 0 && i < ZOO ? zoo[i].name : NULL;
}

const char *fd_zoo_source(int i)
{
    return i >= 0 && i < ZOO ? zoo[i].source : NULL;
}

static fd_error *make(studio *s, int which, blob *x)
{
    fd_error *err = NULL;
    FD_TRY(fd_author_open(zoo[which].name, &s->author));
    FD_TRY(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &s->engine));
    FD_TRY(fd_lane_open(s->engine, &s->lane));
    *x = (blob){.name = "image", .shape = image_shape(CALIBRATION_BATCH, 3, CALIBRATION_SIZE, CALIBRATION_SIZE)};
    int64_t n = fd_tensor_count(&x->shape);
    FD_TRY(fd_alloc_aligned(&x->data, (size_t)n, sizeof *x->data));
    for (int64_t i = 0; i < n; i++)
        x->data[i] = next_random(s);
    FD_TRY(fd_author_value(s->author, 0, "image", 4, (int64_t[]){-1, 3, -1, -1}));
    FD_TRY(zoo[which].make(s, x));
    FD_TRY(fd_author_value(s->author, 1, "logits", 2, (int64_t[]){-1, CLASSES}));
done:
    return err;
}

fd_error *fd_zoo_make(const char *name, uint8_t **bytes, size_t *n)
{
    fd_error *err = NULL;
    studio s = {.seed = 1};
    blob x = {.data = NULL};
    int which = 0;
    while (which < ZOO && strcmp(zoo[which].name, name) != 0)
        which++;
    if (which == ZOO)
        FD_THROW(FD_USAGE, "'%s' is no network that this program makes: %s, %s", name, zoo[0].name, zoo[1].name);
    FD_TRY(make(&s, which, &x));
    FD_TRY(fd_author_pack(s.author, bytes, n));
done:
    free(x.data);
    fd_lane_close(s.lane);
    fd_engine_close(s.engine);
    fd_author_close(s.author);
    return err;
}
