/* What an operator costs. */
#include "net/graph.h"

static double count(const fd_tensor *t)
{
    double n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= (double)t->dim[i];
    return n;
}

static double per_output(const fd_op_desc *op)
{
    double window = (double)op->kernel[0] * (double)op->kernel[1];
    const fd_tensor *in = &op->input[0];
    switch (op->kind) {
    case FD_OP_CONV:
        return 2 * window * (double)in->dim[1] / (double)op->groups;
    case FD_OP_GEMM:
        return 2 * (double)in->dim[1];
    case FD_OP_MATMUL: {
        const fd_tensor *left = op->constant[0] ? &op->constant_shape : in;
        return 2 * (double)left->dim[left->rank - 1];
    }
    case FD_OP_POOL:
        return window;
    case FD_OP_REDUCE:
        return count(in) / (count(&op->output) > 0 ? count(&op->output) : 1);
    case FD_OP_SCALE:
        return 2;
    case FD_OP_SOFTMAX:
    case FD_OP_LPNORM:
        return 3;
    case FD_OP_RESHAPE:
        return 0;
    default:
        return 1;
    }
}

double fd_op_flop(const fd_op_desc *op)
{
    double extra = (op->kind == FD_OP_CONV || op->kind == FD_OP_GEMM) && op->activation != FD_ACT_NONE ? 1 : 0;
    return count(&op->output) * (per_output(op) + extra + (op->residual ? 1 : 0));
}

size_t fd_op_weight_bytes(const fd_op_desc *op)
{
    double n = op->constant[0] || op->constant[1] ? count(&op->constant_shape) : 0;
    if (op->kind == FD_OP_CONV)
        n += (double)op->output.dim[1] * (double)(op->input[0].dim[1] / op->groups * op->kernel[0] * op->kernel[1]);
    if (op->kind == FD_OP_GEMM)
        n += (double)op->output.dim[1] * (double)op->input[0].dim[1];
    if (op->bias)
        n += (double)op->output.dim[1];
    if (op->scale)
        n += (double)op->output.dim[1];
    n += (double)op->n_slopes + (op->kind == FD_OP_GATHER ? 2 * (double)op->n_indices : 0);
    return (size_t)n * sizeof(float);
}
