#include "net/fuse.h"

/* A weight as a matrix: outputs x what one output sums over. */
static void weight_size(const fd_op_desc *op, int64_t *outputs, int64_t *each)
{
    *outputs = op->output.dim[1];
    *each = op->kind == FD_OP_GEMM ? op->input[0].dim[1] : op->input[0].dim[1] / op->groups * op->kernel[0] * op->kernel[1];
}

static fd_error *new_weights(fd_graph *g, const fd_op_desc *op, float **weight, float **bias)
{
    fd_error *err = NULL;
    int64_t outputs, each;
    weight_size(op, &outputs, &each);
    FD_TRY(fd_heap_alloc(g->heap, weight, (size_t)(outputs * each), sizeof **weight));
    FD_TRY(fd_heap_alloc(g->heap, bias, (size_t)outputs, sizeof **bias));
done:
    return err;
}

fd_error *fd_absorb_scale_after(fd_graph *g, fd_op_desc *op, const fd_op_desc *scale)
{
    fd_error *err = NULL;
    float *weight, *bias;
    int64_t outputs, each;
    FD_TRY(new_weights(g, op, &weight, &bias));
    weight_size(op, &outputs, &each);
    for (int64_t o = 0; o < outputs; o++) {
        for (int64_t k = 0; k < each; k++)
            weight[o * each + k] = op->weight[o * each + k] * scale->scale[o];
        bias[o] = (float)((op->bias ? (double)op->bias[o] : 0) * (double)scale->scale[o] + (scale->bias ? (double)scale->bias[o] : 0));
    }
    op->weight = weight;
    op->bias = bias;
done:
    return err;
}

/* Weight k of output o belongs to input channel o / group_outputs * group_inputs + k / window. */
static fd_error *absorb_before(fd_graph *g, fd_op_desc *op, const fd_op_desc *scale, int64_t group_outputs, int64_t group_inputs, int64_t window)
{
    fd_error *err = NULL;
    float *weight, *bias;
    int64_t outputs, each;
    FD_TRY(new_weights(g, op, &weight, &bias));
    weight_size(op, &outputs, &each);
    for (int64_t o = 0; o < outputs; o++) {
        double sum = op->bias ? (double)op->bias[o] : 0;
        for (int64_t k = 0; k < each; k++) {
            int64_t c = o / group_outputs * group_inputs + k / window;
            weight[o * each + k] = op->weight[o * each + k] * scale->scale[c];
            sum += (double)op->weight[o * each + k] * (scale->bias ? (double)scale->bias[c] : 0);
        }
        bias[o] = (float)sum;
    }
    op->weight = weight;
    op->bias = bias;
done:
    return err;
}

fd_error *fd_absorb_scale_before_conv(fd_graph *g, fd_op_desc *op, const fd_op_desc *scale)
{
    return absorb_before(g, op, scale, op->output.dim[1] / op->groups, op->input[0].dim[1] / op->groups, op->kernel[0] * op->kernel[1]);
}

fd_error *fd_absorb_scale_before_gemm(fd_graph *g, fd_op_desc *op, const fd_op_desc *scale)
{
    return absorb_before(g, op, scale, op->output.dim[1], 0, op->input[0].dim[1] / scale->output.dim[1]);
}

fd_error *fd_absorb_transpose(fd_graph *g, fd_op_desc *op, const fd_op_desc *transpose)
{
    fd_error *err = NULL;
    float *weight;
    int64_t outputs, each, *from;
    const fd_tensor *in = &transpose->input[0], *out = &transpose->output;
    weight_size(op, &outputs, &each);
    FD_TRY(fd_heap_alloc(g->heap, &weight, (size_t)(outputs * each), sizeof *weight));
    FD_TRY(fd_heap_alloc(g->heap, &from, (size_t)each, sizeof *from));
    for (int64_t k = 0; k < each; k++) {   /* element k of a transposed sample is element `at` of the sample */
        int64_t index[FD_MAX_RANK] = {0}, rest = k, at = 0;
        for (int i = out->rank - 1; i > 0; i--) {
            index[transpose->permutation[i]] = rest % out->dim[i];
            rest /= out->dim[i];
        }
        for (int i = 1; i < in->rank; i++)
            at = at * in->dim[i] + index[i];
        from[at] = k;
    }
    for (int64_t o = 0; o < outputs; o++)
        for (int64_t k = 0; k < each; k++)
            weight[o * each + k] = op->weight[o * each + from[k]];
    op->weight = weight;
done:
    return err;
}

fd_error *fd_absorb_scale_in_scale(fd_graph *g, fd_op_desc *second, const fd_op_desc *first)
{
    fd_error *err = NULL;
    float *scale, *shift;
    int64_t channels = second->output.dim[1];
    FD_TRY(fd_heap_alloc(g->heap, &scale, (size_t)channels, sizeof *scale));
    FD_TRY(fd_heap_alloc(g->heap, &shift, (size_t)channels, sizeof *shift));
    for (int64_t c = 0; c < channels; c++) {
        double s = second->scale[c];
        scale[c] = (float)(s * (double)first->scale[c]);
        shift[c] = (float)(s * (first->bias ? (double)first->bias[c] : 0) + (second->bias ? (double)second->bias[c] : 0));
    }
    second->scale = scale;
    second->bias = shift;
done:
    return err;
}
