/* Convolutions and matrix products of FD_LANES: weights in the order in which a block of outputs reads them, padding copied in. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/lanes_parts.h"
#include "engine/ref/ref.h"

enum { L = FD_LANES_SAMPLES };

fd_error *fd_lanes_prepare_activation(lanes_activation *a, const fd_op_desc *d, int64_t channels, int64_t padded)
{
    fd_error *err = NULL;
    const bool relu = d->activation == FD_ACT_RELU;
    if (relu || d->activation == FD_ACT_CLIP) {
        *a = (lanes_activation){.kind = LANES_CLIP, .low = relu ? 0.0f : d->low, .high = relu ? INFINITY : d->high};
    } else if (d->activation == FD_ACT_LEAKY || d->activation == FD_ACT_PRELU) {
        a->kind = LANES_SLOPES;
        FD_TRY(fd_alloc(&a->slopes, (size_t)padded, sizeof *a->slopes));
        for (int64_t c = 0; c < channels; c++)
            a->slopes[c] = d->activation == FD_ACT_LEAKY ? d->slope : d->slopes[c];
    }
done:
    return err;
}

/* Block that output o belongs to: its first output and its width. */
static int64_t block_of(int64_t o, int64_t outputs, int64_t block, int64_t *width)
{
    int64_t first = o / block * block;
    *width = outputs - first > block / 2 ? block : block / 2;
    return first;
}

static fd_error *pack(lanes_conv *l, const fd_op_desc *d, int64_t block)
{
    fd_error *err = NULL;
    const int64_t padded = (l->outputs + block - 1) / block * block;
    FD_TRY(fd_alloc(&l->weight, (size_t)padded * (size_t)l->taps, sizeof *l->weight));
    FD_TRY(fd_alloc(&l->bias, (size_t)padded, sizeof *l->bias));
    FD_TRY(fd_lanes_prepare_activation(&l->activation, d, l->outputs, padded));
    for (int64_t o = 0; o < l->outputs; o++) {
        int64_t width, first = block_of(o, l->outputs, block, &width);
        float *to = l->weight + first * l->taps + (o - first);
        for (int64_t k = 0; k < l->taps; k++)
            to[k * width] = d->weight[o * l->taps + k];
        l->bias[o] = d->bias ? d->bias[o] : 0.0f;
    }
done:
    return err;
}

/* The image that windows run over: the input with its padding. */
static fd_image_shape window_field(const fd_op_desc *d)
{
    fd_image_shape s = fd_image_shape_of(&d->input[0]);
    if (d->kind == FD_OP_CONV) {
        s.h += d->pad_begin[0] + d->pad_end[0];
        s.w += d->pad_begin[1] + d->pad_end[1];
    }
    return s;
}

static bool is_padded(const fd_op_desc *d)
{
    return d->kind == FD_OP_CONV && (d->pad_begin[0] || d->pad_begin[1] || d->pad_end[0] || d->pad_end[1]);
}

static fd_error *prepare_windows(lanes_conv *l, const fd_op_desc *d)
{
    fd_error *err = NULL;
    const fd_image_shape in = window_field(d), out = fd_image_shape_of(&d->output);
    const int64_t window = d->kernel[0] * d->kernel[1];
    l->pixels = out.h * out.w;
    l->taps = in.c * window;
    FD_TRY(fd_alloc(&l->offset, (size_t)l->taps, sizeof *l->offset));
    FD_TRY(fd_alloc(&l->start, (size_t)l->pixels, sizeof *l->start));
    for (int64_t k = 0; k < l->taps; k++) {
        int64_t row = k % window / d->kernel[1] * d->dilation[0], column = k % d->kernel[1] * d->dilation[1];
        l->offset[k] = ((k / window * in.h + row) * in.w + column) * L;
    }
    for (int64_t p = 0; p < l->pixels; p++)
        l->start[p] = (p / out.w * d->stride[0] * in.w + p % out.w * d->stride[1]) * L;
done:
    return err;
}

fd_error *fd_lanes_prepare_conv(lanes_op *op, const fd_op_desc *d)
{
    fd_error *err = NULL;
    lanes_conv *l = &op->conv;
    l->outputs = d->output.dim[1];
    if (d->kind == FD_OP_CONV) {
        FD_TRY(prepare_windows(l, d));
    } else {
        l->pixels = 1;
        l->taps = op->in_pixels;
        FD_TRY(fd_alloc(&l->offset, (size_t)l->taps, sizeof *l->offset));
        FD_TRY(fd_alloc(&l->start, 1, sizeof *l->start));
        for (int64_t k = 0; k < l->taps; k++)
            l->offset[k] = k * L;
    }
    FD_TRY(pack(l, d, op->kernels->block));
    if (is_padded(d)) {
        fd_image_shape s = window_field(d);
        op->base.scratch = (size_t)(s.c * s.h * s.w * L) * sizeof(float);
    }
done:
    return err;
}

/* One group of samples into the middle of zeros. */
static void pad(const fd_op_desc *d, const float *in, float *out)
{
    const fd_image_shape s = fd_image_shape_of(&d->input[0]), f = window_field(d);
    memset(out, 0, (size_t)(f.c * f.h * f.w * L) * sizeof *out);
    out += (d->pad_begin[0] * f.w + d->pad_begin[1]) * L;
    for (int64_t c = 0; c < s.c; c++) {
        for (int64_t y = 0; y < s.h; y++, in += s.w * L)
            memcpy(out + (c * f.h + y) * f.w * L, in, (size_t)(s.w * L) * sizeof *out);
    }
}

fd_error *fd_lanes_run_conv(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    const lanes_op *op = (const lanes_op *)base;
    const float *residual = op->desc.residual ? inputs[op->desc.inputs - 1] : NULL;
    for (int64_t g = 0; g < op->groups; g++) {
        const float *in = (const float *)inputs[0] + g * op->in_pixels * L;
        if (scratch && is_padded(&op->desc)) {
            pad(&op->desc, in, scratch);
            in = scratch;
        }
        const int64_t at = g * op->out_pixels * L;
        op->kernels->conv(&op->conv, (lanes_arrays){in, residual ? residual + at : NULL, (float *)output + at});
    }
    return NULL;
}
