#include "net/lower.h"

#include <string.h>

#include "base/text.h"

static const fd_operator operators[] = {
    {"Add", 2, 2, fd_lower_add},
    {"AveragePool", 1, 1, fd_lower_average_pool},
    {"BatchNormalization", 5, 5, fd_lower_batch_norm},
    {"Cast", 1, 1, fd_lower_cast},
    {"Clip", 1, 3, fd_lower_clip},
    {"Concat", 1, 1 << 20, fd_lower_concat},
    {"Constant", 0, 0, fd_lower_constant},
    {"ConstantOfShape", 1, 1, fd_lower_constant_of_shape},
    {"Conv", 2, 3, fd_lower_conv},
    {"Div", 2, 2, fd_lower_div},
    {"Dropout", 1, 3, fd_lower_dropout},
    {"Equal", 2, 2, fd_lower_equal},
    {"Expand", 2, 2, fd_lower_expand},
    {"Flatten", 1, 1, fd_lower_flatten},
    {"Gather", 2, 2, fd_lower_gather},
    {"Gemm", 2, 3, fd_lower_gemm},
    {"GlobalAveragePool", 1, 1, fd_lower_global_average},
    {"GlobalMaxPool", 1, 1, fd_lower_global_max},
    {"HardSigmoid", 1, 1, fd_lower_hard_sigmoid},
    {"HardSwish", 1, 1, fd_lower_hard_swish},
    {"Identity", 1, 1, fd_lower_identity},
    {"LeakyRelu", 1, 1, fd_lower_leaky},
    {"LpNormalization", 1, 1, fd_lower_lp_norm},
    {"MatMul", 2, 2, fd_lower_matmul},
    {"MaxPool", 1, 1, fd_lower_max_pool},
    {"Mul", 2, 2, fd_lower_mul},
    {"Neg", 1, 1, fd_lower_neg},
    {"PRelu", 2, 2, fd_lower_prelu},
    {"Pad", 1, 4, fd_lower_pad},
    {"Pow", 2, 2, fd_lower_pow},
    {"ReduceL2", 1, 2, fd_lower_reduce_l2},
    {"ReduceMean", 1, 2, fd_lower_reduce_mean},
    {"ReduceSum", 1, 2, fd_lower_reduce_sum},
    {"Relu", 1, 1, fd_lower_relu},
    {"Reshape", 2, 2, fd_lower_reshape},
    {"Shape", 1, 1, fd_lower_shape},
    {"Sigmoid", 1, 1, fd_lower_sigmoid},
    {"Slice", 1, 5, fd_lower_slice},
    {"Softmax", 1, 1, fd_lower_softmax},
    {"Split", 1, 2, fd_lower_split},
    {"Sqrt", 1, 1, fd_lower_sqrt},
    {"Squeeze", 1, 2, fd_lower_squeeze},
    {"Sub", 2, 2, fd_lower_sub},
    {"Tanh", 1, 1, fd_lower_tanh},
    {"Transpose", 1, 1, fd_lower_transpose},
    {"Unsqueeze", 1, 2, fd_lower_unsqueeze},
    {"Where", 3, 3, fd_lower_where},
};

const fd_operator *fd_operator_find(const Onnx__NodeProto *node)
{
    if (!node->op_type || (node->domain && *node->domain && strcmp(node->domain, "ai.onnx") != 0))
        return NULL;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].name, node->op_type) == 0)
            return &operators[i];
    return NULL;
}

bool fd_has(const fd_lower *l, int i)
{
    return i < l->inputs && l->input[i] >= 0;
}

fd_value fd_in(const fd_lower *l, int i)
{
    return l->graph->value[l->input[i]];
}

fd_error *fd_weight(const fd_lower *l, int i, const char *what, fd_value *out)
{
    *out = fd_in(l, i);
    if (!out->data)
        return FD_FAIL(FD_UNSUPPORTED, "%s: its %s is computed by the network; only constants are supported there", l->label, what);
    if (out->type != FD_F32)
        return FD_FAIL(FD_FORMAT, "%s: its %s is not floating point", l->label, what);
    return NULL;
}

fd_op_desc fd_desc(const fd_lower *l, fd_op_kind kind, int inputs, const fd_tensor *output)
{
    return (fd_op_desc){.kind = kind, .name = l->name, .inputs = inputs, .output = *output};
}

fd_error *fd_add1(fd_lower *l, const fd_op_desc *desc, int input, int *out)
{
    return fd_graph_add(l->graph, desc, &input, out);
}

fd_error *fd_add_reshape(fd_lower *l, int value, const fd_tensor *shape, int *out)
{
    const fd_tensor *now = &l->graph->value[value].shape;
    int64_t before, after;
    if (fd_shape_equal(now, shape)) {
        *out = value;
        return NULL;
    }
    if (!fd_shape_count(now, &before) || !fd_shape_count(shape, &after) || before != after) {
        char a[FD_SHAPE_TEXT], b[FD_SHAPE_TEXT];
        return FD_FAIL(FD_FORMAT, "%s: a tensor of %s cannot become %s", l->label, fd_shape_text(now, a), fd_shape_text(shape, b));
    }
    fd_op_desc desc = fd_desc(l, FD_OP_RESHAPE, 1, shape);
    return fd_add1(l, &desc, value, out);
}

fd_error *fd_keep_batch(const fd_lower *l, int axis)
{
    const fd_graph *g = l->graph;
    if (axis != 0 || g->batch == g->file_batch || fd_in(l, 0).data)
        return NULL;
    return FD_FAIL(FD_UNSUPPORTED, "%s works along the batch, which the file fixes to %lld; it cannot run with %lld", l->label,
                   (long long)g->file_batch, (long long)g->batch);
}
