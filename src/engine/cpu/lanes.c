/* FD_LANES: which operators are offered in it, and how they are prepared. */
#include "engine/cpu/lanes.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cpu/lanes_parts.h"
#include "engine/ref/ref.h"

enum {
    L = FD_LANES_SAMPLES,
    MOST_SIDE = 64,        /* pixels of the images that suit */
    MOST_BYTES = 8 << 20   /* of one group's array: beyond it memory is the limit, and arrays of single samples are the better plan */
};

static int64_t pixels_of(const fd_tensor *t)
{
    int64_t n = 1;
    for (int i = 1; i < t->rank; i++)
        n *= t->dim[i];
    return n;
}

static bool is_image(const fd_tensor *t)
{
    return t->rank == 3 || t->rank == 4;
}

static bool same_shape(const fd_tensor *a, const fd_tensor *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; same && i < a->rank; i++)
        same = a->dim[i] == b->dim[i];
    return same;
}

static bool offers_activation(fd_activation a)
{
    return a == FD_ACT_NONE || a == FD_ACT_RELU || a == FD_ACT_CLIP || a == FD_ACT_LEAKY || a == FD_ACT_PRELU;
}

static bool accepts_sum(const fd_op_desc *op)
{
    if (!offers_activation(op->activation) || op->inputs != (op->residual ? 2 : 1) || (op->residual && !same_shape(&op->input[1], &op->output)))
        return false;
    return op->kind == FD_OP_GEMM ? op->output.rank == 2 : op->groups == 1 && is_image(&op->input[0]) && is_image(&op->output);
}

/* Axis 0 is the batch everywhere: numbers of different samples never meet. */
static bool keeps_batch(const fd_op_desc *op)
{
    bool keeps = op->output.rank >= 1;
    for (int i = 0; keeps && i < op->inputs; i++)
        keeps = op->input[i].rank >= 1 && op->input[i].dim[0] == op->output.dim[0];
    return keeps && op->inputs >= 1 && !op->constant[0] && !op->constant[1];
}

bool fd_lanes_accepts(const fd_op_desc *op)
{
    if (!keeps_batch(op))
        return false;
    switch (op->kind) {
    case FD_OP_CONV:
    case FD_OP_GEMM:
        return accepts_sum(op);
    case FD_OP_POOL:
        return is_image(&op->input[0]) && is_image(&op->output);
    case FD_OP_ACTIVATE:
        return op->output.rank >= 2 && offers_activation(op->activation);
    case FD_OP_SCALE:
        return op->output.rank >= 2;
    case FD_OP_BINARY:
        return op->inputs == 2 && op->binary != FD_POW && same_shape(&op->input[0], &op->output) && same_shape(&op->input[1], &op->output);
    case FD_OP_CONCAT:
    case FD_OP_SOFTMAX:
        return op->axis >= 1;
    case FD_OP_TRANSPOSE:
        return op->permutation[0] == 0;
    case FD_OP_RESHAPE:
    case FD_OP_REORDER:
        return true;
    default:
        return false;
    }
}

bool fd_lanes_suits(const fd_op_desc *ops, int n)
{
    bool sums = false;
    for (int i = 0; i < n; i++) {
        const fd_tensor *in = &ops[i].input[0];
        if (!fd_lanes_accepts(&ops[i]) || in->dim[0] < L || in->dim[0] % L != 0)
            return false;
        fd_image_shape s = fd_image_shape_of(in);
        if (s.h > MOST_SIDE || s.w > MOST_SIDE || pixels_of(&ops[i].output) * L * (int64_t)sizeof(float) > MOST_BYTES)
            return false;
        sums = sums || ops[i].kind == FD_OP_CONV;
    }
    return sums;
}

size_t fd_lanes_bytes(const fd_tensor *t)
{
    return (size_t)((t->dim[0] + L - 1) / L * L) * (size_t)pixels_of(t) * sizeof(float);
}

static const lanes_kernels *kernels_of(int lanes)
{
    assert(lanes == 4 || lanes == 8 || lanes == 16);
    return lanes == 16 ? &fd_lanes_kernels_avx512 : lanes == 8 ? &fd_lanes_kernels_avx2 : &fd_lanes_kernels_base;
}

static fd_error *run_pool(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    for (int64_t g = 0; g < op->groups; g++)
        op->kernels->pool(&op->pool, (const float *)inputs[0] + g * op->in_pixels * L, (float *)output + g * op->out_pixels * L);
    return NULL;
}

static void prepare_pool(lanes_pool *p, const fd_op_desc *d)
{
    const fd_image_shape in = fd_image_shape_of(&d->input[0]), out = fd_image_shape_of(&d->output);
    *p = (lanes_pool){.channels = in.c, .height = in.h, .width = in.w, .out_height = out.h, .out_width = out.w, .max = d->pool_max,
                      .count_padding = d->count_include_pad};
    for (int i = 0; i < 2; i++) {
        p->kernel[i] = d->kernel[i];
        p->stride[i] = d->stride[i];
        p->dilation[i] = d->dilation[i];
        p->pad[i] = d->pad_begin[i];
        p->pad_end[i] = d->pad_end[i];
    }
}

static fd_error *run_scale(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const lanes_op *op = (const lanes_op *)base;
    for (int64_t g = 0; g < op->groups; g++) {
        const int64_t at = g * op->in_pixels * L;
        op->kernels->scale(&op->scale, (const float *)inputs[0] + at, (float *)output + at);
    }
    return NULL;
}

/* Activations by themselves, and y = x * scale[c] + shift[c]. */
static fd_error *prepare_scale(lanes_op *op, const fd_op_desc *d)
{
    fd_error *err = NULL;
    lanes_scale *s = &op->scale;
    s->channels = d->input[0].dim[1];
    s->pixels = s->channels ? op->in_pixels / s->channels : 0;
    if (d->kind == FD_OP_ACTIVATE) {
        FD_TRY(fd_lanes_prepare_activation(&s->activation, d, s->channels, s->channels));
        return NULL;
    }
    FD_TRY(fd_alloc(&s->scale, (size_t)s->channels, sizeof *s->scale));
    FD_TRY(fd_alloc(&s->shift, (size_t)s->channels, sizeof *s->shift));
    for (int64_t c = 0; c < s->channels; c++) {
        s->scale[c] = d->scale ? d->scale[c] : 1.0f;
        s->shift[c] = d->bias ? d->bias[c] : 0.0f;
    }
done:
    return err;
}

static void release(fd_op *base)
{
    lanes_op *op = (lanes_op *)base;
    free(op->conv.weight);
    free(op->conv.bias);
    free(op->conv.offset);
    free(op->conv.start);
    free(op->conv.activation.slopes);
    free(op->scale.scale);
    free(op->scale.shift);
    free(op->scale.activation.slopes);
    free(op);
}

static lanes_run *run_of(const fd_op_desc *d)
{
    static lanes_run *const runs[FD_OP_KINDS] = {
        [FD_OP_CONV] = fd_lanes_run_conv,       [FD_OP_GEMM] = fd_lanes_run_conv,           [FD_OP_POOL] = run_pool,
        [FD_OP_ACTIVATE] = run_scale,           [FD_OP_SCALE] = run_scale,                  [FD_OP_BINARY] = fd_lanes_run_binary,
        [FD_OP_CONCAT] = fd_lanes_run_concat,   [FD_OP_TRANSPOSE] = fd_lanes_run_transpose, [FD_OP_RESHAPE] = fd_lanes_run_reshape,
        [FD_OP_SOFTMAX] = fd_lanes_run_softmax, [FD_OP_REORDER] = fd_lanes_run_leave};
    return d->kind == FD_OP_REORDER && d->output.layout == FD_LANES ? fd_lanes_run_enter : runs[d->kind];
}

fd_error *fd_lanes_prepare(const fd_op_desc *desc, int lanes, fd_op **out)
{
    fd_error *err = NULL;
    lanes_op *op = NULL;
    assert(fd_lanes_accepts(desc));
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base.run = run_of(desc);
    op->base.release = release;
    op->kernels = kernels_of(lanes);
    op->desc = *desc;
    op->groups = (desc->output.dim[0] + L - 1) / L;
    op->in_pixels = pixels_of(&desc->input[0]);
    op->out_pixels = pixels_of(&desc->output);
    if (desc->kind == FD_OP_CONV || desc->kind == FD_OP_GEMM)
        FD_TRY(fd_lanes_prepare_conv(op, desc));
    if (desc->kind == FD_OP_ACTIVATE || desc->kind == FD_OP_SCALE)
        FD_TRY(prepare_scale(op, desc));
    prepare_pool(&op->pool, desc);
    *out = &op->base;
    op = NULL;
done:
    if (op)
        release(&op->base);
    return err;
}
