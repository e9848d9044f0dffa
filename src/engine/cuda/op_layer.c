/* Layers with weights, and pools. */
#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/operators.h"
#include "kernels/depthwise.h"
#include "kernels/pool.h"

static fd_curve_kind curve_of(fd_activation a)
{
    static const fd_curve_kind kinds[] = {
        [FD_ACT_NONE] = FD_CURVE_NONE,   [FD_ACT_RELU] = FD_CURVE_RELU,       [FD_ACT_CLIP] = FD_CURVE_CLIP, [FD_ACT_LEAKY] = FD_CURVE_LEAKY,
        [FD_ACT_PRELU] = FD_CURVE_PRELU, [FD_ACT_SIGMOID] = FD_CURVE_SIGMOID, [FD_ACT_TANH] = FD_CURVE_TANH, [FD_ACT_SQRT] = FD_CURVE_SQRT};
    return kinds[a];
}

fd_error *fd_cuda_op_finish(fd_cuda_op *op, const fd_op_desc *d)
{
    fd_error *err = NULL;
    const fd_tensor *t = &d->output;
    const int64_t channels = t->rank > 1 ? t->dim[1] : 1;
    const bool layer = d->kind == FD_OP_CONV || d->kind == FD_OP_GEMM;
    op->finish = (fd_finish){.channels = channels, .inner = 1};
    for (int i = 2; i < t->rank; i++)
        op->finish.inner *= t->dim[i];
    if (d->kind != FD_OP_ACTIVATE)
        FD_TRY(fd_cuda_op_keep(op, d->bias, (size_t)channels * sizeof(float), &op->finish.bias));
    if (d->kind == FD_OP_SCALE)
        FD_TRY(fd_cuda_op_keep(op, d->scale, (size_t)channels * sizeof(float), &op->finish.scale));
    if (d->kind != FD_OP_SCALE) {
        op->finish.curve = (fd_curve){.kind = curve_of(d->activation), .low = d->low, .high = d->high, .slope = d->slope};
        if (d->activation == FD_ACT_PRELU)
            FD_TRY(fd_cuda_op_keep(op, d->slopes, (size_t)d->n_slopes * sizeof(float), &op->finish.curve.slopes));
    }
    op->residual = layer && d->residual;
    op->finishes = op->finish.bias || op->residual || op->finish.curve.kind != FD_CURVE_NONE;
done:
    return err;
}

/* y becomes what the layer gives, in place. */
static fd_error *finish(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *y)
{
    fd_finish f = op->finish;
    f.residual = op->residual ? in[op->inputs - 1] : NULL;
    if (!op->finishes)
        return NULL;
    return fd_cuda_error(op->engine, fd_epilogue(y, y, op->n, f, fd_cuda_stream(lane)), "bias and activation");
}

/* --- convolution ------------------------------------------------------------------------------------------------------------------------ */

/* Rank 3 is [n][c][w] with one row. */
static fd_window2 window_of(const fd_op_desc *d)
{
    const fd_tensor *x = &d->input[0], *y = &d->output;
    const bool plane = x->rank > 3;
    fd_window2 w = {.n = x->dim[0], .c = x->dim[1], .height = plane ? x->dim[2] : 1, .width = x->dim[x->rank - 1],
                    .out_height = plane ? y->dim[2] : 1, .out_width = y->dim[y->rank - 1]};
    for (int i = 0; i < 2; i++) {
        w.kernel[i] = (int32_t)d->kernel[i];
        w.stride[i] = (int32_t)d->stride[i];
        w.dilation[i] = (int32_t)d->dilation[i];
        w.pad[i] = (int32_t)d->pad_begin[i];
        w.pad_end[i] = (int32_t)d->pad_end[i];
    }
    return w;
}

static fd_error *run_depthwise(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    fd_finish f = op->finish;
    f.residual = op->residual ? in[op->inputs - 1] : NULL;
    return fd_cuda_error(op->engine, fd_depthwise(op->window, in[0], op->weight, f, out, fd_cuda_stream(lane)), "depthwise convolution");
}

static fd_error *run_conv(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    fd_error *err = NULL;
    FD_TRY(fd_cuda_conv_run(op->conv, lane, in[0], out, scratch));
    FD_TRY(finish(op, lane, in, out));
done:
    return err;
}

fd_error *fd_cuda_prepare_conv(fd_cuda_op *op, const fd_op_desc *d)
{
    fd_error *err = NULL;
    const int64_t per_group = d->input[0].dim[1] / d->groups, outputs = d->output.dim[1];
    const size_t bytes = (size_t)(outputs * per_group * d->kernel[0] * d->kernel[1]) * sizeof(float);
    FD_TRY(fd_cuda_op_finish(op, d));
    FD_TRY(fd_cuda_op_keep(op, d->weight, bytes, &op->weight));
    op->window = window_of(d);
    op->run = run_depthwise;
    if (per_group == 1 && outputs == d->groups)
        return NULL;
    op->run = run_conv;
    if (op->n > 0)
        FD_TRY(fd_cuda_conv_open(op->engine, d, op->weight, &op->conv));
    op->base.scratch = op->conv ? fd_cuda_conv_scratch(op->conv) : 0;
done:
    return err;
}

/* --- products --------------------------------------------------------------------------------------------------------------------------- */

static fd_error *run_gemm(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    fd_error *err = NULL;
    FD_TRY(fd_cuda_gemm_run(op->gemm, lane, in[0], op->weight, out, scratch));
    FD_TRY(finish(op, lane, in, out));
done:
    return err;
}

fd_error *fd_cuda_prepare_gemm(fd_cuda_op *op, const fd_op_desc *d)
{
    fd_error *err = NULL;
    fd_cuda_product p = {.rows = d->input[0].dim[0], .columns = d->output.dim[1], .transposed = true};
    p.depth = p.rows ? fd_tensor_count(&d->input[0]) / p.rows : 0;
    FD_TRY(fd_cuda_op_finish(op, d));
    FD_TRY(fd_cuda_op_keep(op, d->weight, (size_t)(p.columns * p.depth) * sizeof(float), &op->weight));
    if (op->n > 0)
        FD_TRY(fd_cuda_gemm_open(op->engine, &p, &op->gemm));
    op->base.scratch = op->gemm ? fd_cuda_gemm_scratch(op->gemm) : 0;
    op->run = run_gemm;
done:
    return err;
}

static fd_error *run_matmul(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    fd_error *err = NULL;
    int next = 0;
    const float *a = op->matmul.constant[0] ? op->matmul.constant[0] : in[next++];
    const float *b = op->matmul.constant[1] ? op->matmul.constant[1] : in[next];
    for (int64_t m = 0; m < op->matmul.matrices; m++)
        FD_TRY(fd_cuda_gemm_run(op->gemm, lane, a + op->matmul.offset[0][m], b + op->matmul.offset[1][m],
                                out + m * op->matmul.rows * op->matmul.columns, scratch));
done:
    return err;
}

/* Where matrix `index` (counted over the output's leading axes) of an operand begins; leading axes of size 1 repeat. */
static int64_t matrix_at(const fd_tensor *operand, const fd_tensor *output, int64_t index)
{
    int64_t strides[FD_MAX_RANK], at = 0;
    fd_cuda_strides(operand, strides);
    for (int i = output->rank - 3; i >= 0; i--) {
        const int axis = i - (output->rank - operand->rank);
        at += axis < 0 ? 0 : index % output->dim[i] * strides[axis];
        index /= output->dim[i];
    }
    return at;
}

fd_error *fd_cuda_prepare_matmul(fd_cuda_op *op, const fd_op_desc *d)
{
    fd_error *err = NULL;
    const fd_tensor *side[2];
    int next = 0;
    for (int k = 0; k < 2; k++) {
        side[k] = d->constant[k] ? &d->constant_shape : &d->input[next++];
        FD_TRY(fd_cuda_op_keep(op, d->constant[k], (size_t)fd_tensor_count(&d->constant_shape) * sizeof(float), &op->matmul.constant[k]));
    }
    const fd_cuda_product p = {.rows = side[0]->dim[side[0]->rank - 2], .columns = side[1]->dim[side[1]->rank - 1], .depth = side[0]->dim[side[0]->rank - 1]};
    op->run = run_matmul;
    op->matmul.rows = p.rows;
    op->matmul.columns = p.columns;
    op->matmul.matrices = op->n ? op->n / (p.rows * p.columns) : 0;
    for (int k = 0; k < 2; k++) {
        FD_TRY(fd_alloc(&op->matmul.offset[k], (size_t)op->matmul.matrices, sizeof(int64_t)));
        for (int64_t m = 0; m < op->matmul.matrices; m++)
            op->matmul.offset[k][m] = matrix_at(side[k], &d->output, m);
    }
    if (op->n > 0)
        FD_TRY(fd_cuda_gemm_open(op->engine, &p, &op->gemm));
    op->base.scratch = op->gemm ? fd_cuda_gemm_scratch(op->gemm) : 0;
done:
    return err;
}

/* --- pools ------------------------------------------------------------------------------------------------------------------------------ */

static fd_error *run_pool(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    return fd_cuda_error(op->engine, fd_pool(op->window, op->pool_max, op->count_include_pad, in[0], out, fd_cuda_stream(lane)), "pool");
}

fd_error *fd_cuda_prepare_pool(fd_cuda_op *op, const fd_op_desc *d)
{
    op->window = window_of(d);
    op->pool_max = d->pool_max;
    op->count_include_pad = d->count_include_pad;
    op->run = run_pool;
    return NULL;
}
