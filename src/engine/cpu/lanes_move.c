/* Operators of FD_LANES that move pixels (16 samples of one number) or treat each by itself, and the ways in and out of the layout. */
#include <math.h>
#include <string.h>

#include "engine/cpu/lanes_parts.h"
#include "kernels/math/softmax.h"

enum { L = FD_LANES_SAMPLES };

static int64_t product(const fd_tensor *t, int from, int to)
{
    int64_t n = 1;
    for (int i = from; i < to; i++)
        n *= t->dim[i];
    return n;
}

fd_error *fd_lanes_run_reshape(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    if (output != inputs[0])
        memcpy(output, inputs[0], (size_t)(op->groups * op->out_pixels * L) * sizeof(float));
    return NULL;
}

/* Output axes from `axis` on, in order; stride[i]: distance in the input of neighbours along output axis i, in pixels. */
static float *transpose(const fd_tensor *out, int axis, const int64_t *stride, const float *in, float *to)
{
    if (axis == out->rank) {
        memcpy(to, in, L * sizeof *to);
        return to + L;
    }
    for (int64_t i = 0; i < out->dim[axis]; i++)
        to = transpose(out, axis + 1, stride, in + i * stride[axis] * L, to);
    return to;
}

fd_error *fd_lanes_run_transpose(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    const fd_op_desc *d = &op->desc;
    int64_t stride[FD_MAX_RANK] = {0};
    for (int i = 0; i < d->output.rank; i++)
        stride[i] = product(&d->input[0], (int)d->permutation[i] + 1, d->input[0].rank);
    float *to = output;
    for (int64_t g = 0; g < op->groups; g++)
        to = transpose(&d->output, 1, stride, (const float *)inputs[0] + g * op->in_pixels * L, to);
    return NULL;
}

fd_error *fd_lanes_run_concat(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    const fd_op_desc *d = &op->desc;
    const int64_t outer = op->groups * product(&d->output, 1, d->axis), row = product(&d->output, d->axis, d->output.rank) * L;
    float *to = output;
    for (int i = 0; i < d->inputs; i++) {
        const int64_t n = product(&d->input[i], d->axis, d->input[i].rank) * L;
        for (int64_t o = 0; o < outer; o++)
            memcpy(to + o * row, (const float *)inputs[i] + o * n, (size_t)n * sizeof *to);
        to += n;
    }
    return NULL;
}

/* Softmax over n pixels, `step` floats apart. */
static void softmax(int64_t n, int64_t step, const float *in, float *out)
{
    float most[L], sum[L] = {0};
    for (int s = 0; s < L; s++)
        most[s] = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        for (int s = 0; s < L; s++)
            most[s] = in[i * step + s] > most[s] ? in[i * step + s] : most[s];
    }
    for (int64_t i = 0; i < n; i++) {
        for (int s = 0; s < L; s++)
            sum[s] += out[i * step + s] = fd_expf(in[i * step + s] - most[s]);
    }
    for (int64_t i = 0; i < n; i++) {
        for (int s = 0; s < L; s++)
            out[i * step + s] /= sum[s];
    }
}

fd_error *fd_lanes_run_softmax(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    const fd_op_desc *d = &op->desc;
    const int64_t outer = op->groups * product(&d->output, 1, d->axis), after = d->flat ? d->output.rank : d->axis + 1;
    const int64_t n = product(&d->output, d->axis, (int)after), inner = product(&d->output, (int)after, d->output.rank);
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t i = 0; i < inner; i++) {
            const int64_t at = (o * n * inner + i) * L;
            softmax(n, inner * L, (const float *)inputs[0] + at, (float *)output + at);
        }
    }
    return NULL;
}

fd_error *fd_lanes_run_binary(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    const int64_t n = op->groups * op->out_pixels * L;
    const float *a = inputs[0], *b = inputs[1];
    float *out = output;
    for (int64_t i = 0; op->desc.binary == FD_ADD && i < n; i++)
        out[i] = a[i] + b[i];
    for (int64_t i = 0; op->desc.binary == FD_SUB && i < n; i++)
        out[i] = a[i] - b[i];
    for (int64_t i = 0; op->desc.binary == FD_MUL && i < n; i++)
        out[i] = a[i] * b[i];
    for (int64_t i = 0; op->desc.binary == FD_DIV && i < n; i++)
        out[i] = a[i] / b[i];
    return NULL;
}

typedef float quad __attribute__((vector_size(16)));

static quad load(const float *p)
{
    quad x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* 4 numbers of 4 samples: from[s] -> 4 pixels' lanes. */
static void transpose_quads(const float *const from[4], float *to)
{
    const quad a = load(from[0]), b = load(from[1]), c = load(from[2]), d = load(from[3]);
    const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const quad AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    const quad out[4] = {__builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
                         __builtin_shufflevector(AB, CD, 0, 1, 4, 5), __builtin_shufflevector(AB, CD, 2, 3, 6, 7)};
    for (int i = 0; i < 4; i++)
        memcpy(to + i * L, &out[i], sizeof out[i]);
}

/* One group of `count` samples of n numbers each. Lanes without a sample repeat the last one: finite, and no slower than the others. */
static void enter(const float *in, int64_t count, int64_t n, float *out)
{
    for (int s = 0; s < L; s += 4) {
        const float *from[4];
        for (int i = 0; i < 4; i++)
            from[i] = in + (s + i < count ? s + i : count - 1) * n;
        int64_t k = 0;
        for (; k + 4 <= n; k += 4) {
            transpose_quads(from, out + k * L + s);
            for (int i = 0; i < 4; i++)
                from[i] += 4;
        }
        for (; k < n; k++) {
            for (int i = 0; i < 4; i++)
                out[k * L + s + i] = *from[i]++;
        }
    }
}

fd_error *fd_lanes_run_enter(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    const int64_t samples = op->desc.input[0].dim[0], n = op->in_pixels;
    for (int64_t g = 0; g < op->groups; g++) {
        int64_t count = samples - g * L;
        enter((const float *)inputs[0] + g * L * n, count < L ? count : L, n, (float *)output + g * L * n);
    }
    return NULL;
}

fd_error *fd_lanes_run_leave(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    const int64_t samples = op->desc.input[0].dim[0], n = op->in_pixels;
    const float *in = inputs[0];
    float *out = output;
    for (int64_t s = 0; s < samples; s++) {
        for (int64_t k = 0; k < n; k++)
            *out++ = in[(s / L * n + k) * L + s % L];
    }
    return NULL;
}
