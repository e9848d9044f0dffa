/* Convolutions on FD_BLOCKED arrays. oneDNN's generated code wants whole blocks of channels, also inside each group, so channels are padded
 * with zero weights here, and groups that are narrower than a block are merged into dense ones with zeros between them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cpu/finish.h"
#include "engine/cpu/operators.h"
#include "engine/cpu/primitive.h"
#include "engine/ref/ref.h"

typedef struct conv_op {
    fd_op base;
    fd_primitive conv;
    dnnl_memory_desc_t in, out, bias_desc;      /* of one sample */
    float *weights, *bias;                      /* bias NULL: none */
    int residual;                               /* which input; -1: none */
    bool fused;                                 /* residual and activation are oneDNN's; otherwise `finish` and `bend` do them */
    fd_finish finish;
    fd_bend bend;                               /* after `finish`, where that cannot bend so */
    int64_t samples, in_step, out_step;
} conv_op;

/* The form of the convolution that oneDNN gets. */
typedef struct grouping {
    int64_t groups, in, out;                    /* in and out: padded channels of one group */
    int64_t merged;                             /* how many of the operator's groups one of these holds */
} grouping;

static grouping grouping_of(const fd_engine *e, const fd_op_desc *d)
{
    int64_t block = fd_cpu(e)->block, in = d->input[0].dim[1] / d->groups, out = d->output.dim[1] / d->groups;
    int64_t all_in = fd_padded_channels(e, &d->input[0]), all_out = fd_padded_channels(e, &d->output);
    if (d->groups > 1 && in == 1 && out == 1)
        return (grouping){all_in, 1, 1, 1};
    for (int64_t merged = 1; merged < d->groups; merged++)
        if (d->groups % merged == 0 && merged * in % block == 0 && merged * out % block == 0)
            return (grouping){d->groups / merged, merged * in, merged * out, merged};
    return (grouping){1, all_in, all_out, d->groups};
}

/* The operator's weights, spread out: [groups][out][in][kh][kw], zeros where there is nothing. */
static fd_error *spread_weights(const fd_op_desc *d, const grouping *g, float **out)
{
    int64_t window = d->kernel[0] * d->kernel[1], in = d->input[0].dim[1] / d->groups, per_group = d->output.dim[1] / d->groups;
    fd_error *err = fd_alloc(out, (size_t)(g->groups * g->out * g->in * window), sizeof **out);
    if (err)
        return err;
    for (int64_t o = 0; o < d->output.dim[1]; o++) {
        int64_t group = o / per_group, first_in = group % g->merged * in;
        int64_t row = g->in == 1 ? o : group / g->merged * g->out + o - group / g->merged * g->merged * per_group;
        memcpy(*out + (row * g->in + first_in) * window, d->weight + o * in * window, (size_t)(in * window) * sizeof **out);
    }
    return NULL;
}

static fd_error *prepare_weights(fd_engine *e, const fd_op_desc *d, const grouping *g, conv_op *op)
{
    fd_error *err = NULL;
    float *plain = NULL;
    int64_t grouped[] = {g->groups, g->out, g->in, d->kernel[0], d->kernel[1]};
    dnnl_memory_desc_t desc = g->groups > 1 ? fd_plain_desc(5, grouped) : fd_plain_desc(4, grouped + 1);
    FD_TRY(spread_weights(d, g, &plain));
    FD_TRY(fd_primitive_reordered(e, &desc, plain, &op->conv.weights, &op->weights));
    if (d->bias) {
        int64_t channels = fd_padded_channels(e, &d->output);
        FD_TRY(fd_alloc_aligned(&op->bias, (size_t)channels, sizeof(float)));
        memset(op->bias, 0, (size_t)channels * sizeof(float));
        memcpy(op->bias, d->bias, (size_t)d->output.dim[1] * sizeof(float));
    }
done:
    free(plain);
    return err;
}

/* What oneDNN can do to a result before it leaves the registers. */
static fd_error *open_post_ops(const fd_op_desc *d, const dnnl_memory_desc_t *out, dnnl_post_ops_t *post)
{
    fd_error *err = NULL;
    int status = (int)dnnl_post_ops_create(post);
    if (status == dnnl_success && d->residual)
        status = (int)dnnl_post_ops_append_binary(*post, dnnl_binary_add, out);
    if (status == dnnl_success && d->activation != FD_ACT_NONE)
        status = (int)fd_append_activation(*post, d);
    if (status != dnnl_success)
        FD_THROW(FD_DEVICE, "oneDNN: post-operations of %s: status %d", d->name, status);
done:
    return err;
}

static fd_error *open_conv(const fd_engine *e, const fd_op_desc *d, const grouping *g, const_dnnl_post_ops_t post, conv_op *op)
{
    fd_error *err = NULL;
    dnnl_convolution_desc_t desc;
    dnnl_memory_desc_t weights = {0};
    dnnl_dims_t shape = {g->groups, g->out, g->in, d->kernel[0], d->kernel[1]};
    dnnl_dims_t stride = {d->stride[0], d->stride[1]}, dilation = {d->dilation[0] - 1, d->dilation[1] - 1};
    dnnl_dims_t begin = {d->pad_begin[0], d->pad_begin[1]}, end = {d->pad_end[0], d->pad_end[1]};
    dnnl_memory_desc_init_by_tag(&weights, g->groups > 1 ? 5 : 4, g->groups > 1 ? shape : shape + 1, dnnl_f32, dnnl_format_tag_any);
    int status = (int)dnnl_dilated_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct, &op->in, &weights,
                                                                 d->bias ? &op->bias_desc : NULL, &op->out, stride, dilation, begin, end);
    if (status != dnnl_success)
        FD_THROW(FD_UNSUPPORTED, "oneDNN refuses convolution %s (status %d)", d->name, status);
    FD_TRY(fd_primitive_open(e, &desc, post, &op->conv));
done:
    return err;
}

/* With residual and activation inside when that stays fast, else without. */
static fd_error *open_best(const fd_engine *e, const fd_op_desc *d, const grouping *g, conv_op *op)
{
    fd_error *err = NULL;
    dnnl_post_ops_t post = NULL;
    bool nothing = !d->residual && d->activation == FD_ACT_NONE;
    bool possible = d->activation != FD_ACT_PRELU && (fd_keeps_zero(d) || d->output.dim[1] == fd_padded_channels(e, &d->output));
    if (possible) {
        FD_TRY(open_post_ops(d, &op->out, &post));
        FD_TRY(open_conv(e, d, g, post, op));
        op->fused = op->conv.fast || nothing;
    }
    if (!op->fused) {
        fd_primitive_close(&op->conv);
        FD_TRY(open_conv(e, d, g, NULL, op));
    }
done:
    dnnl_post_ops_destroy(post);
    return err;
}

static fd_error *finish_sample(const conv_op *op, fd_lane *lane, const float *residual, float *out, void *scratch)
{
    fd_finish_run(lane->engine, &op->finish, out, residual, out);
    return op->bend.wanted ? fd_bend_run(&op->bend, lane, out, out, scratch) : NULL;
}

/* Sample by sample: the bytes of one do not depend on the batch, and what follows finds the result still in the cache. */
static fd_error *conv_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    fd_error *err = NULL;
    const conv_op *op = (const conv_op *)base;
    const float *residual = op->residual < 0 ? NULL : inputs[op->residual];
    fd_call call;
    fd_argument arguments[5] = {{DNNL_ARG_SRC, &op->in, inputs[0], op->in_step},
                                {DNNL_ARG_WEIGHTS, &op->conv.weights, op->weights, 0},
                                {DNNL_ARG_DST, &op->out, output, op->out_step}};
    int n = 3;
    if (op->bias)
        arguments[n++] = (fd_argument){DNNL_ARG_BIAS, &op->bias_desc, op->bias, 0};
    if (op->fused && residual)
        arguments[n++] = (fd_argument){DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, &op->out, residual, op->out_step};
    FD_TRY(fd_call_begin(&call, &op->conv, lane, arguments, n, scratch));
    for (int64_t i = 0; i < op->samples; i++) {
        FD_TRY(fd_call_sample(&call, i));
        if (!op->fused)
            FD_TRY(finish_sample(op, lane, residual ? residual + i * op->out_step : NULL, (float *)output + i * op->out_step, scratch));
    }
done:
    fd_call_end(&call);
    return err;
}

static void conv_release(fd_op *base)
{
    conv_op *op = (conv_op *)base;
    fd_primitive_close(&op->conv);
    fd_finish_close(&op->finish);
    fd_bend_close(&op->bend);
    free(op->weights);
    free(op->bias);
    free(op);
}

static fd_error *open_finish(const fd_engine *e, const fd_op_desc *d, conv_op *op)
{
    fd_error *err = NULL;
    if (op->fused)
        return NULL;
    FD_TRY(fd_finish_open(e, d, &op->finish));
    if (!fd_finish_takes(d->activation))
        FD_TRY(fd_bend_open(e, d, 1, &op->bend));
done:
    return err;
}

/* The shapes for which oneDNN has code that reads a thin image as it is; it would run others by its plain loops. */
bool fd_cpu_conv_takes_plain(const fd_op_desc *d)
{
    bool usual = d->kind == FD_OP_CONV && d->groups == 1 && d->input[0].dim[1] <= 3 && d->input[0].dim[d->input[0].rank - 1] >= 16;
    for (int axis = 0; axis < 2; axis++)
        usual = usual && d->kernel[axis] >= 3 && d->stride[axis] <= 2 && d->dilation[axis] == 1 && d->pad_begin[axis] == d->pad_end[axis];
    return usual;
}

fd_error *fd_cpu_prepare_conv(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    conv_op *op;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base = (fd_op){.run = conv_run, .release = conv_release};
    op->in = fd_sample_desc(e, &d->input[0]);
    op->out = fd_sample_desc(e, &d->output);
    op->bias_desc = fd_plain_desc(1, (const int64_t[]){fd_padded_channels(e, &d->output)});
    op->residual = d->residual ? d->inputs - 1 : -1;
    op->samples = d->output.dim[0];
    op->in_step = fd_sample_floats(e, &d->input[0]);
    op->out_step = fd_sample_floats(e, &d->output);
    grouping g = grouping_of(e, d);
    FD_TRY(open_best(e, d, &g, op));
    FD_TRY(open_finish(e, d, op));
    FD_TRY(prepare_weights(e, d, &g, op));
    op->base.scratch = op->conv.scratch > op->bend.primitive.scratch ? op->conv.scratch : op->bend.primitive.scratch;
    *out = &op->base;
    return NULL;
done:
    if (op)
        conv_release(&op->base);
    return err;
}
