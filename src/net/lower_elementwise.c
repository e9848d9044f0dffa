/* Operators on single elements: activations and arithmetic with broadcasting. */
#include "net/lower.h"

#include <float.h>
#include <math.h>

fd_error *fd_add_activation(fd_lower *l, int value, fd_op_desc desc, int *out)
{
    desc.kind = FD_OP_ACTIVATE;
    desc.name = l->name;
    desc.inputs = 1;
    desc.output = l->graph->value[value].shape;
    return fd_add1(l, &desc, value, out);
}

static fd_error *activate(fd_lower *l, fd_op_desc desc)
{
    return fd_add_activation(l, l->input[0], desc, &l->output[0]);
}

fd_error *fd_lower_relu(fd_lower *l)
{
    return activate(l, (fd_op_desc){.activation = FD_ACT_RELU});
}

fd_error *fd_lower_sigmoid(fd_lower *l)
{
    return activate(l, (fd_op_desc){.activation = FD_ACT_SIGMOID});
}

fd_error *fd_lower_tanh(fd_lower *l)
{
    return activate(l, (fd_op_desc){.activation = FD_ACT_TANH});
}

fd_error *fd_lower_sqrt(fd_lower *l)
{
    return activate(l, (fd_op_desc){.activation = FD_ACT_SQRT});
}

fd_error *fd_lower_leaky(fd_lower *l)
{
    float alpha;
    fd_error *err = fd_attr_float(l, "alpha", 0.01f, &alpha);
    return err ? err : activate(l, (fd_op_desc){.activation = FD_ACT_LEAKY, .slope = alpha});
}

fd_error *fd_lower_neg(fd_lower *l)
{
    return fd_add_scalar(l, FD_MUL, l->input[0], -1, &l->output[0]);
}

fd_error *fd_lower_clip(fd_lower *l)
{
    fd_error *err = NULL;
    float low = -INFINITY, high = INFINITY;
    bool has_low, has_high;
    if (l->opset < 11) {
        FD_TRY(fd_attr_float(l, "min", -INFINITY, &low));
        FD_TRY(fd_attr_float(l, "max", INFINITY, &high));
    } else {
        FD_TRY(fd_float_input(l, 1, &low, &has_low));
        FD_TRY(fd_float_input(l, 2, &high, &has_high));
    }
    low = low <= -FLT_MAX ? -INFINITY : low;
    high = high >= FLT_MAX ? INFINITY : high;
    low = low > high ? high : low;   /* as ONNX has it: min(max(x, low), high) */
    if (low == -INFINITY && high == INFINITY)
        l->output[0] = l->input[0];
    else if (low == 0 && high == INFINITY)
        FD_TRY(fd_lower_relu(l));
    else
        FD_TRY(activate(l, (fd_op_desc){.activation = FD_ACT_CLIP, .low = low, .high = high}));
done:
    return err;
}

/* x -> clip(alpha * x + beta, 0, 1) */
static fd_error *hard_sigmoid(fd_lower *l, float alpha, float beta, int *out)
{
    fd_error *err = NULL;
    FD_TRY(fd_add_scalar(l, FD_MUL, l->input[0], alpha, out));
    FD_TRY(fd_add_scalar(l, FD_ADD, *out, beta, out));
    FD_TRY(fd_add_activation(l, *out, (fd_op_desc){.activation = FD_ACT_CLIP, .low = 0, .high = 1}, out));
done:
    return err;
}

fd_error *fd_lower_hard_sigmoid(fd_lower *l)
{
    fd_error *err = NULL;
    float alpha, beta;
    FD_TRY(fd_attr_float(l, "alpha", 0.2f, &alpha));
    FD_TRY(fd_attr_float(l, "beta", 0.5f, &beta));
    FD_TRY(hard_sigmoid(l, alpha, beta, &l->output[0]));
done:
    return err;
}

fd_error *fd_lower_hard_swish(fd_lower *l)
{
    fd_error *err = NULL;
    int gate;
    FD_TRY(hard_sigmoid(l, 1.f / 6, 0.5f, &gate));
    FD_TRY(fd_add_binary(l, FD_MUL, l->input[0], gate, &l->output[0]));
done:
    return err;
}

/* Whether a constant holds one number, or one per channel (axis 1) of x, spread over nothing else. */
static bool per_channel(const fd_tensor *x, const fd_tensor *c, int64_t *count)
{
    if (x->rank < 2 || !fd_shape_count(c, count) || c->rank > x->rank)
        return false;
    return *count == 1 || (c->rank >= x->rank - 1 && c->dim[c->rank - x->rank + 1] == *count && *count == x->dim[1]);
}

/* Slopes that are neither one number nor one per channel: max(x, 0) + slope * min(x, 0). */
static fd_error *prelu_general(fd_lower *l, int x, int slope)
{
    fd_error *err = NULL;
    int up, down;
    FD_TRY(fd_add_activation(l, x, (fd_op_desc){.activation = FD_ACT_RELU}, &up));
    FD_TRY(fd_add_activation(l, x, (fd_op_desc){.activation = FD_ACT_CLIP, .low = -INFINITY, .high = 0}, &down));
    FD_TRY(fd_add_binary(l, FD_MUL, down, slope, &down));
    FD_TRY(fd_add_binary(l, FD_ADD, up, down, &l->output[0]));
done:
    return err;
}

fd_error *fd_lower_prelu(fd_lower *l)
{
    fd_error *err = NULL;
    fd_value x = fd_in(l, 0), s = fd_in(l, 1);
    fd_tensor joined;
    int64_t count;
    float *slopes;
    bool broadcasts = fd_shape_broadcast(&x.shape, &s.shape, &joined) && fd_shape_equal(&joined, &x.shape);
    /* Old exporters write [c] for images, which does not broadcast: one per channel is meant. */
    bool old = !broadcasts && s.shape.rank == 1 && x.shape.rank > 2 && s.shape.dim[0] == x.shape.dim[1];
    if (!broadcasts && !old)
        FD_THROW(FD_FORMAT, "%s: its slopes do not fit its input", l->label);
    if (old)
        count = s.shape.dim[0];
    if (!s.data || s.type != FD_F32 || !(old || per_channel(&x.shape, &s.shape, &count)))
        return prelu_general(l, l->input[0], l->input[1]);
    FD_TRY(fd_heap_alloc(l->graph->heap, &slopes, (size_t)x.shape.dim[1], sizeof *slopes));
    for (int64_t c = 0; c < x.shape.dim[1]; c++)
        slopes[c] = ((const float *)s.data)[count == 1 ? 0 : c];
    FD_TRY(activate(l, (fd_op_desc){.activation = FD_ACT_PRELU, .slopes = slopes, .n_slopes = x.shape.dim[1]}));
done:
    return err;
}

/* x * k, x + k, x - k, k - x with k one number or one per channel: a SCALE, which a convolution can take in. */
static fd_error *as_scale(fd_lower *l, fd_binary op, int x, const fd_value *c, bool constant_first, int *out)
{
    fd_error *err = NULL;
    fd_value v = l->graph->value[x];
    const float *from = c->data;
    float *scale, *shift;
    int64_t count, channels = v.shape.dim[1];
    per_channel(&v.shape, &c->shape, &count);
    FD_TRY(fd_heap_alloc(l->graph->heap, &scale, (size_t)channels, sizeof *scale));
    FD_TRY(fd_heap_alloc(l->graph->heap, &shift, (size_t)channels, sizeof *shift));
    for (int64_t i = 0; i < channels; i++) {
        float k = from[count == 1 ? 0 : i];
        scale[i] = op == FD_MUL ? k : op == FD_SUB && constant_first ? -1.f : 1.f;
        shift[i] = op == FD_MUL ? 0 : op == FD_SUB && !constant_first ? -k : k;
    }
    fd_op_desc desc = fd_desc(l, FD_OP_SCALE, 1, &v.shape);
    desc.scale = scale;
    desc.bias = shift;
    FD_TRY(fd_add1(l, &desc, x, out));
done:
    return err;
}

/* x + 0, x - 0, x * 1, x / 1, x ^ 1 with the shape of x. */
static bool changes_nothing(fd_binary op, const fd_value *c, bool constant_first)
{
    int64_t count;
    float neutral = op == FD_ADD || op == FD_SUB ? 0 : 1;
    return fd_shape_count(&c->shape, &count) && count == 1 && *(const float *)c->data == neutral &&
           (!constant_first || op == FD_ADD || op == FD_MUL);
}

static fd_error *with_constant(fd_lower *l, fd_binary op, int x, const fd_value *c, const fd_op_desc *desc, int *out)
{
    bool first = desc->constant[0] != NULL;
    fd_tensor shape = l->graph->value[x].shape;
    int64_t count;
    bool same = fd_shape_equal(&shape, &desc->output);
    if (same && changes_nothing(op, c, first)) {
        *out = x;
        return NULL;
    }
    if (same && op != FD_DIV && op != FD_POW && per_channel(&shape, &c->shape, &count))
        return as_scale(l, op, x, c, first, out);
    return fd_add1(l, desc, x, out);
}

fd_error *fd_add_binary(fd_lower *l, fd_binary op, int a, int b, int *out)
{
    fd_value x = l->graph->value[a], y = l->graph->value[b];
    fd_tensor shape;
    if (!fd_shape_broadcast(&x.shape, &y.shape, &shape)) {
        char p[FD_SHAPE_TEXT], q[FD_SHAPE_TEXT];
        return FD_FAIL(FD_FORMAT, "%s: %s and %s do not broadcast", l->label, fd_shape_text(&x.shape, p), fd_shape_text(&y.shape, q));
    }
    if (x.type != y.type)
        return FD_FAIL(FD_FORMAT, "%s mixes whole numbers and floating point", l->label);
    fd_op_desc desc = fd_desc(l, FD_OP_BINARY, 2, &shape);
    desc.binary = op;
    if (!x.data == !y.data)
        return fd_graph_add(l->graph, &desc, (int[]){a, b}, out);
    const fd_value *c = x.data ? &x : &y;
    desc.inputs = 1;
    desc.constant[x.data ? 0 : 1] = c->data;
    desc.constant_shape = c->shape;
    return with_constant(l, op, x.data ? b : a, c, &desc, out);
}

fd_error *fd_add_scalar(fd_lower *l, fd_binary op, int a, float b, int *out)
{
    fd_error *err = NULL;
    float *value = NULL;
    int64_t *whole = NULL;
    int constant;
    if (l->graph->value[a].type == FD_I64) {
        FD_TRY(fd_graph_ints(l->graph, l->name, &(fd_tensor){0}, &whole, &constant));
        *whole = (int64_t)b;
    } else {
        FD_TRY(fd_graph_floats(l->graph, l->name, &(fd_tensor){0}, &value, &constant));
        *value = b;
    }
    FD_TRY(fd_add_binary(l, op, a, constant, out));
done:
    return err;
}

fd_error *fd_lower_add(fd_lower *l)
{
    return fd_add_binary(l, FD_ADD, l->input[0], l->input[1], &l->output[0]);
}

fd_error *fd_lower_sub(fd_lower *l)
{
    return fd_add_binary(l, FD_SUB, l->input[0], l->input[1], &l->output[0]);
}

fd_error *fd_lower_mul(fd_lower *l)
{
    return fd_add_binary(l, FD_MUL, l->input[0], l->input[1], &l->output[0]);
}

fd_error *fd_lower_div(fd_lower *l)
{
    return fd_add_binary(l, FD_DIV, l->input[0], l->input[1], &l->output[0]);
}

fd_error *fd_lower_pow(fd_lower *l)
{
    fd_error *err = NULL;
    int exponent = l->input[1];
    fd_value e = fd_in(l, 1);
    if (fd_in(l, 0).type == FD_F32 && e.data && e.type == FD_I64) {   /* the one operator that may mix: x ^ 2 with a whole 2 */
        int64_t count;
        float *value;
        fd_shape_count(&e.shape, &count);
        FD_TRY(fd_graph_floats(l->graph, l->name, &e.shape, &value, &exponent));
        for (int64_t i = 0; i < count; i++)
            value[i] = (float)((const int64_t *)e.data)[i];
    }
    FD_TRY(fd_add_binary(l, FD_POW, l->input[0], exponent, &l->output[0]));
done:
    return err;
}
