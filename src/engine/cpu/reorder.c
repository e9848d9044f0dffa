/* The way in and out of FD_BLOCKED, and convolutions on PLAIN arrays by that way. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cpu/operators.h"
#include "engine/ref/ref.h"

typedef struct reorder_op {
    fd_op base;
    fd_primitive primitive;
    dnnl_memory_desc_t in, out;                   /* of one sample */
    int64_t in_step, out_step, samples;
} reorder_op;

static fd_error *reorder_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    const reorder_op *op = (const reorder_op *)base;
    fd_argument arguments[] = {{DNNL_ARG_FROM, &op->in, inputs[0], op->in_step}, {DNNL_ARG_TO, &op->out, output, op->out_step}};
    return fd_primitive_run(&op->primitive, lane, arguments, 2, op->samples, scratch);
}

static void reorder_release(fd_op *base)
{
    reorder_op *op = (reorder_op *)base;
    fd_primitive_close(&op->primitive);
    free(op);
}

fd_error *fd_cpu_prepare_reorder(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    reorder_op *op;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base = (fd_op){.run = reorder_run, .release = reorder_release};
    op->in = fd_true_sample_desc(e, &d->input[0]);
    op->out = fd_true_sample_desc(e, &d->output);
    op->in_step = fd_sample_floats(e, &d->input[0]);
    op->out_step = fd_sample_floats(e, &d->output);
    op->samples = d->output.dim[0];
    FD_TRY(fd_primitive_open_reorder(e, &op->in, &op->out, &op->primitive));
    op->base.scratch = op->primitive.scratch;
    *out = &op->base;
    return NULL;
done:
    if (op)
        reorder_release(&op->base);
    return err;
}

/* A PLAIN convolution: its arrays go into blocks and back in scratch memory. A network whose layout is FD_BLOCKED never needs it. */
typedef struct plain_conv_op {
    fd_op base;
    fd_op *in[2], *conv, *out;                    /* in: NULL where that input stays as it is */
    size_t in_at[2], out_at, rest_at;             /* offsets in scratch */
    int inputs;
} plain_conv_op;

static fd_error *plain_conv_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    fd_error *err = NULL;
    const plain_conv_op *op = (const plain_conv_op *)base;
    char *at = scratch;
    const void *blocked[2] = {inputs[0], op->inputs > 1 ? inputs[1] : NULL};
    for (int k = 0; k < op->inputs; k++)
        if (op->in[k]) {
            FD_TRY(fd_host_op_run(op->in[k], lane, &inputs[k], at + op->in_at[k], at + op->rest_at));
            blocked[k] = at + op->in_at[k];
        }
    FD_TRY(fd_host_op_run(op->conv, lane, blocked, at + op->out_at, at + op->rest_at));
    const void *result = at + op->out_at;
    FD_TRY(fd_host_op_run(op->out, lane, &result, output, at + op->rest_at));
done:
    return err;
}

static void plain_conv_release(fd_op *base)
{
    plain_conv_op *op = (plain_conv_op *)base;
    fd_host_op_release(op->in[0]);
    fd_host_op_release(op->in[1]);
    fd_host_op_release(op->conv);
    fd_host_op_release(op->out);
    free(op);
}

/* Reserves room for a blocked array in scratch memory; returns its offset. */
static size_t reserve(const fd_engine *e, plain_conv_op *op, fd_tensor *t)
{
    size_t at = op->base.scratch;
    t->layout = FD_BLOCKED;
    e->kind->op->measure(e, t);
    op->base.scratch += (t->bytes + FD_ALIGN - 1) / FD_ALIGN * FD_ALIGN;
    return at;
}

static fd_error *open_parts(fd_engine *e, const fd_op_desc *d, plain_conv_op *op)
{
    fd_error *err = NULL;
    fd_op_desc conv = *d, move = {.kind = FD_OP_REORDER, .name = d->name, .inputs = 1};
    for (int k = 0; k < d->inputs; k++) {
        if (k == 0 && fd_cpu_conv_takes_plain(d))
            continue;
        op->in_at[k] = reserve(e, op, &conv.input[k]);
        move.input[0] = d->input[k];
        move.output = conv.input[k];
        FD_TRY(fd_cpu_prepare_reorder(e, &move, &op->in[k]));
    }
    op->out_at = reserve(e, op, &conv.output);
    move.input[0] = conv.output;
    move.output = d->output;
    FD_TRY(fd_cpu_prepare_reorder(e, &move, &op->out));
    FD_TRY(fd_cpu_prepare_conv(e, &conv, &op->conv));
done:
    return err;
}

fd_error *fd_cpu_prepare_plain_conv(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    plain_conv_op *op;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base = (fd_op){.run = plain_conv_run, .release = plain_conv_release};
    op->inputs = d->inputs;
    FD_TRY(open_parts(e, d, op));
    op->rest_at = op->base.scratch;
    const fd_op *parts[] = {op->in[0], op->in[1], op->conv, op->out};
    for (int i = 0; i < 4; i++)
        if (parts[i] && op->rest_at + parts[i]->scratch > op->base.scratch)
            op->base.scratch = op->rest_at + parts[i]->scratch;
    *out = &op->base;
    return NULL;
done:
    if (op)
        plain_conv_release(&op->base);
    return err;
}
