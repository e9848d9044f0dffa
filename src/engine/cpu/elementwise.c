/* Activations, scale and binary operators on FD_BLOCKED arrays. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/finish.h"
#include "engine/cpu/operators.h"
#include "engine/ref/ref.h"

typedef struct eltwise { dnnl_alg_kind_t kind; float alpha, beta; } eltwise;

static eltwise eltwise_of(const fd_op_desc *d)
{
    switch (d->activation) {
    case FD_ACT_CLIP:
        return (eltwise){dnnl_eltwise_clip, d->low, d->high};
    case FD_ACT_LEAKY:
        return (eltwise){dnnl_eltwise_relu, d->slope, 0};
    case FD_ACT_SIGMOID:
        return (eltwise){dnnl_eltwise_logistic, 0, 0};
    case FD_ACT_TANH:
        return (eltwise){dnnl_eltwise_tanh, 0, 0};
    case FD_ACT_SQRT:
        return (eltwise){dnnl_eltwise_sqrt, 0, 0};
    default:
        return (eltwise){dnnl_eltwise_relu, 0, 0};
    }
}

dnnl_status_t fd_append_activation(dnnl_post_ops_t post, const fd_op_desc *d)
{
    eltwise e = eltwise_of(d);
    return dnnl_post_ops_append_eltwise(post, 1, e.kind, e.alpha, e.beta);
}

fd_error *fd_bend_open(const fd_engine *e, const fd_op_desc *d, int64_t samples, fd_bend *out)
{
    fd_error *err = NULL;
    eltwise how = eltwise_of(d);
    dnnl_eltwise_desc_t desc;
    *out = (fd_bend){.desc = fd_sample_desc(e, &d->output), .shape = d->output, .step = fd_sample_floats(e, &d->output), .rezero = !fd_keeps_zero(d)};
    out->shape.dim[0] = samples;
    dnnl_status_t status = dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_inference, how.kind, &out->desc, how.alpha, how.beta);
    if (status != dnnl_success)
        FD_THROW(FD_UNSUPPORTED, "oneDNN refuses activation %s (status %d)", d->name, (int)status);
    FD_TRY(fd_primitive_open(e, &desc, NULL, &out->primitive));
    out->wanted = true;
done:
    return err;
}

fd_error *fd_bend_run(const fd_bend *b, fd_lane *lane, const float *x, float *y, void *scratch)
{
    fd_error *err = NULL;
    fd_argument arguments[] = {{DNNL_ARG_SRC, &b->desc, x, b->step}, {DNNL_ARG_DST, &b->desc, y, b->step}};
    FD_TRY(fd_primitive_run(&b->primitive, lane, arguments, 2, b->shape.dim[0], scratch));
    if (b->rezero)
        fd_zero_padding(lane->engine, &b->shape, y);
done:
    return err;
}

void fd_bend_close(fd_bend *b)
{
    fd_primitive_close(&b->primitive);
    b->wanted = false;
}

/* ACTIVATE and SCALE */
typedef struct activate_op {
    fd_op base;
    fd_finish finish;
    fd_bend bend;
    fd_tensor shape;
    int64_t step;
    bool rezero;                 /* padding channels */
} activate_op;

static fd_error *activate_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    const activate_op *op = (const activate_op *)base;
    if (op->bend.wanted)
        return fd_bend_run(&op->bend, lane, inputs[0], output, scratch);
    for (int64_t i = 0; i < op->shape.dim[0]; i++)
        fd_finish_run(lane->engine, &op->finish, (const float *)inputs[0] + i * op->step, NULL, (float *)output + i * op->step);
    if (op->rezero)
        fd_zero_padding(lane->engine, &op->shape, output);
    return NULL;
}

static void activate_release(fd_op *base)
{
    activate_op *op = (activate_op *)base;
    fd_finish_close(&op->finish);
    fd_bend_close(&op->bend);
    free(op);
}

fd_error *fd_cpu_prepare_activate(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    activate_op *op;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base = (fd_op){.run = activate_run, .release = activate_release};
    op->shape = d->output;
    op->step = fd_sample_floats(e, &d->output);
    op->rezero = d->kind == FD_OP_ACTIVATE && !fd_keeps_zero(d);
    if (d->kind == FD_OP_SCALE || fd_finish_takes(d->activation))
        FD_TRY(fd_finish_open(e, d, &op->finish));
    else
        FD_TRY(fd_bend_open(e, d, d->output.dim[0], &op->bend));
    op->base.scratch = op->bend.primitive.scratch;
    *out = &op->base;
    return NULL;
done:
    if (op)
        activate_release(&op->base);
    return err;
}

/* BINARY: two arrays of the output's shape, or one and a [n][c][1][1] array or a constant number. */
typedef struct binary_op {
    fd_op base;
    fd_binary kind;
    bool full;                   /* the second operand is like the first; else one float per channel */
    float *constant;             /* the second operand, [channels]; NULL: an input */
    int64_t step[2];             /* floats from one sample of an operand to the next */
    fd_tensor shape;
    fd_finish pass;              /* channels and pixels only */
} binary_op;

static fd_error *binary_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)scratch;
    const binary_op *op = (const binary_op *)base;
    const float *a = inputs[0], *b = op->constant ? op->constant : inputs[1];
    for (int64_t i = 0; i < op->shape.dim[0]; i++)
        fd_combine_run(lane->engine, op->kind, op->full, &op->pass, a + i * op->step[0], b + i * op->step[1], (float *)output + i * op->step[0]);
    fd_zero_padding(lane->engine, &op->shape, output);   /* 0 / 0, 0 + constant */
    return NULL;
}

static void binary_release(fd_op *base)
{
    free(((binary_op *)base)->constant);
    free(base);
}

fd_error *fd_cpu_prepare_binary(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    binary_op *op;
    fd_image_shape s = fd_image_shape_of(&d->output);
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base = (fd_op){.run = binary_run, .release = binary_release};
    op->kind = d->binary;
    op->shape = d->output;
    op->pass = (fd_finish){.channels = fd_padded_channels(e, &d->output), .pixels = s.h * s.w};
    op->step[0] = fd_sample_floats(e, &d->output);
    if (d->constant[1]) {
        FD_TRY(fd_alloc_aligned(&op->constant, (size_t)op->pass.channels, sizeof(float)));
        for (int64_t c = 0; c < op->pass.channels; c++)
            op->constant[c] = d->constant[1][0];
    } else {
        op->step[1] = fd_sample_floats(e, &d->input[1]);
        op->full = op->step[1] == op->step[0];
    }
    *out = &op->base;
    return NULL;
done:
    if (op)
        binary_release(&op->base);
    return err;
}
