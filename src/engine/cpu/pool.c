/* Pools and concatenation on FD_BLOCKED arrays. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/operators.h"
#include "engine/ref/ref.h"

typedef struct pool_op {
    fd_op base;
    fd_primitive primitive;
    dnnl_memory_desc_t in, out;                   /* of one sample */
    int64_t in_step, out_step, samples;
} pool_op;

static fd_error *pool_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    const pool_op *op = (const pool_op *)base;
    fd_argument arguments[] = {{DNNL_ARG_SRC, &op->in, inputs[0], op->in_step}, {DNNL_ARG_DST, &op->out, output, op->out_step}};
    return fd_primitive_run(&op->primitive, lane, arguments, 2, op->samples, scratch);
}

static void pool_release(fd_op *base)
{
    pool_op *op = (pool_op *)base;
    fd_primitive_close(&op->primitive);
    free(op);
}

/* How far the last window reaches beyond the image along an axis: oneDNN's end padding, whatever ceil_mode made of the true one. */
static int64_t reach(const fd_op_desc *d, int axis, int64_t in, int64_t out)
{
    int64_t window = (d->kernel[axis] - 1) * d->dilation[axis] + 1;
    int64_t beyond = (out - 1) * d->stride[axis] + window - d->pad_begin[axis] - in;
    return beyond > 0 ? beyond : 0;
}

bool fd_cpu_pool_is_regular(const fd_op_desc *d)
{
    fd_image_shape in = fd_image_shape_of(&d->input[0]), out = fd_image_shape_of(&d->output);
    int64_t end[2] = {reach(d, 0, in.h, out.h), reach(d, 1, in.w, out.w)};
    for (int axis = 0; axis < 2; axis++) {
        bool hangs = end[axis] > d->pad_end[axis];
        bool empty = d->pad_begin[axis] >= d->kernel[axis] || end[axis] >= d->kernel[axis];
        if ((!d->pool_max && (d->dilation[axis] != 1 || (d->count_include_pad && hangs))) || empty)
            return false;
    }
    return true;
}

static fd_error *open_pool(const fd_engine *e, const fd_op_desc *d, pool_op *op)
{
    fd_image_shape i = fd_image_shape_of(&d->input[0]), o = fd_image_shape_of(&d->output);
    dnnl_alg_kind_t mean = d->count_include_pad ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding;
    dnnl_dims_t kernel = {d->kernel[0], d->kernel[1]}, stride = {d->stride[0], d->stride[1]}, begin = {d->pad_begin[0], d->pad_begin[1]};
    dnnl_dims_t dilation = {d->dilation[0] - 1, d->dilation[1] - 1}, end = {reach(d, 0, i.h, o.h), reach(d, 1, i.w, o.w)};
    dnnl_pooling_v2_desc_t desc;
    dnnl_status_t status = dnnl_pooling_v2_forward_desc_init(&desc, dnnl_forward_inference, d->pool_max ? dnnl_pooling_max : mean, &op->in, &op->out,
                                                             stride, kernel, dilation, begin, end);
    if (status != dnnl_success)
        return FD_FAIL(FD_UNSUPPORTED, "oneDNN refuses pool %s (status %d)", d->name, (int)status);
    return fd_primitive_open(e, &desc, NULL, &op->primitive);
}

fd_error *fd_cpu_prepare_pool(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    pool_op *op;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base = (fd_op){.run = pool_run, .release = pool_release};
    op->in = fd_sample_desc(e, &d->input[0]);
    op->out = fd_sample_desc(e, &d->output);
    op->in_step = fd_sample_floats(e, &d->input[0]);
    op->out_step = fd_sample_floats(e, &d->output);
    op->samples = d->output.dim[0];
    FD_TRY(open_pool(e, d, op));
    op->base.scratch = op->primitive.scratch;
    *out = &op->base;
    return NULL;
done:
    if (op)
        pool_release(&op->base);
    return err;
}

/* Along channels that come in whole blocks a concatenation is one copy for each input and sample. */
typedef struct concat_op {
    fd_op base;
    int inputs;
    int64_t step[FD_MAX_INPUTS], samples;
} concat_op;

static fd_error *concat_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const concat_op *op = (const concat_op *)base;
    float *out = output;
    for (int64_t i = 0; i < op->samples; i++)
        for (int k = 0; k < op->inputs; k++) {
            memcpy(out, (const float *)inputs[k] + i * op->step[k], (size_t)op->step[k] * sizeof *out);
            out += op->step[k];
        }
    return NULL;
}

static void concat_release(fd_op *op)
{
    free(op);
}

fd_error *fd_cpu_prepare_concat(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    concat_op *op;
    fd_error *err = fd_alloc(&op, 1, sizeof *op);
    if (err)
        return err;
    op->base = (fd_op){.run = concat_run, .release = concat_release};
    op->inputs = d->inputs;
    op->samples = d->output.dim[0];
    for (int k = 0; k < d->inputs; k++)
        op->step[k] = fd_sample_floats(e, &d->input[k]);
    *out = &op->base;
    return NULL;
}
