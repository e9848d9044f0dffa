/* Batch norms, Gemm and MatMul. */
#include "net/lower.h"

#include <math.h>
#include <string.h>

fd_error *fd_lower_batch_norm(fd_lower *l)
{
    fd_error *err = NULL;
    static const char *const what[] = {"scale", "bias", "mean", "variance"};
    fd_value p[4], x = fd_in(l, 0);
    const float *v[4];
    float epsilon, *scale, *shift;
    int64_t training;
    FD_TRY(fd_attr_float(l, "epsilon", 1e-5f, &epsilon));
    FD_TRY(fd_attr_int(l, "training_mode", 0, &training));
    if (training)
        FD_THROW(FD_UNSUPPORTED, "%s is in training mode", l->label);
    if (x.shape.rank < 2)
        FD_THROW(FD_FORMAT, "%s: an input without channels", l->label);
    int64_t channels = x.shape.dim[1];
    for (int i = 0; i < 4; i++) {
        FD_TRY(fd_weight(l, i + 1, what[i], &p[i]));
        if (p[i].shape.rank != 1 || p[i].shape.dim[0] != channels)
            FD_THROW(FD_FORMAT, "%s: its %s does not have one number per channel", l->label, what[i]);
        v[i] = p[i].data;
    }
    FD_TRY(fd_heap_alloc(l->graph->heap, &scale, (size_t)channels, sizeof *scale));
    FD_TRY(fd_heap_alloc(l->graph->heap, &shift, (size_t)channels, sizeof *shift));
    for (int64_t c = 0; c < channels; c++) {
        double s = (double)v[0][c] / sqrt((double)v[3][c] + (double)epsilon);
        scale[c] = (float)s;
        shift[c] = (float)((double)v[1][c] - (double)v[2][c] * s);
    }
    fd_op_desc desc = fd_desc(l, FD_OP_SCALE, 1, &x.shape);
    desc.scale = scale;
    desc.bias = shift;
    FD_TRY(fd_add1(l, &desc, l->input[0], &l->output[0]));
done:
    return err;
}

/* alpha * b as weight[o][k]; b is [k][o], or [o][k] when transposed. */
static fd_error *gemm_weight(fd_lower *l, const fd_value *b, bool transposed, float alpha, const float **out)
{
    fd_error *err = NULL;
    const float *from = b->data;
    float *to;
    int64_t rows = b->shape.dim[0], columns = b->shape.dim[1];
    *out = from;
    if (transposed && alpha == 1)
        return NULL;
    FD_TRY(fd_heap_alloc(l->graph->heap, &to, (size_t)(rows * columns), sizeof *to));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            to[transposed ? i * columns + j : j * rows + i] = alpha * from[i * columns + j];
    *out = to;
done:
    return err;
}

/* beta * c spread over the outputs; NULL when c is absent or no constant row. */
static fd_error *gemm_bias(fd_lower *l, float beta, int64_t outputs, const float **out)
{
    fd_error *err = NULL;
    int64_t count;
    float *to;
    *out = NULL;
    if (!fd_has(l, 2))
        return NULL;
    fd_value c = fd_in(l, 2);
    bool row = c.shape.rank == 0 || (c.shape.rank == 1) || (c.shape.rank == 2 && c.shape.dim[0] == 1);
    if (!c.data || c.type != FD_F32 || !row || !fd_shape_count(&c.shape, &count) || (count != 1 && count != outputs))
        return NULL;
    FD_TRY(fd_heap_alloc(l->graph->heap, &to, (size_t)outputs, sizeof *to));
    for (int64_t i = 0; i < outputs; i++)
        to[i] = beta * ((const float *)c.data)[count == 1 ? 0 : i];
    *out = to;
done:
    return err;
}

static fd_error *add_gemm(fd_lower *l, int a, const fd_op_desc *what, int64_t outputs, int *out)
{
    fd_tensor shape = fd_shape(2, (int64_t[]){l->graph->value[a].shape.dim[0], outputs});
    fd_op_desc desc = fd_desc(l, FD_OP_GEMM, 1, &shape);
    desc.weight = what->weight;
    desc.bias = what->bias;
    return fd_add1(l, &desc, a, out);
}

/* a[m][k] . b[k][o] of any two values with two dimensions. */
static fd_error *add_matmul2(fd_lower *l, int a, int b, int *out)
{
    const fd_value x = l->graph->value[a], y = l->graph->value[b];
    fd_tensor shape = fd_shape(2, (int64_t[]){x.shape.dim[0], y.shape.dim[1]});
    fd_op_desc desc = fd_desc(l, FD_OP_MATMUL, 1, &shape);
    if (x.data && !y.data) {
        desc.constant[0] = x.data;
        desc.constant_shape = x.shape;
        return fd_add1(l, &desc, b, out);
    }
    if (y.data && !x.data) {
        desc.constant[1] = y.data;
        desc.constant_shape = y.shape;
        return fd_add1(l, &desc, a, out);
    }
    desc.inputs = 2;
    return fd_graph_add(l->graph, &desc, (int[]){a, b}, out);
}

static fd_error *gemm_general(fd_lower *l, int a, bool transpose_b, float alpha, float beta)
{
    fd_error *err = NULL;
    int b = l->input[1], product;
    if (transpose_b)
        FD_TRY(fd_add_transpose(l, b, (int64_t[]){1, 0}, &b));
    FD_TRY(add_matmul2(l, a, b, &product));
    if (alpha != 1)
        FD_TRY(fd_add_scalar(l, FD_MUL, product, alpha, &product));
    if (fd_has(l, 2)) {
        int c = l->input[2];
        if (beta != 1)
            FD_TRY(fd_add_scalar(l, FD_MUL, c, beta, &c));
        FD_TRY(fd_add_binary(l, FD_ADD, product, c, &product));
    }
    l->output[0] = product;
done:
    return err;
}

fd_error *fd_lower_gemm(fd_lower *l)
{
    fd_error *err = NULL;
    float alpha, beta;
    int64_t ta, tb;
    fd_value b = fd_in(l, 1);
    int a = l->input[0];
    fd_op_desc gemm = {0};
    FD_TRY(fd_attr_float(l, "alpha", 1, &alpha));
    FD_TRY(fd_attr_float(l, "beta", 1, &beta));
    FD_TRY(fd_attr_int(l, "transA", 0, &ta));
    FD_TRY(fd_attr_int(l, "transB", 0, &tb));
    if (fd_in(l, 0).shape.rank != 2 || b.shape.rank != 2)
        FD_THROW(FD_FORMAT, "%s: its operands must have two dimensions", l->label);
    if (ta) {
        FD_TRY(fd_keep_batch(l, 0));
        FD_TRY(fd_add_transpose(l, a, (int64_t[]){1, 0}, &a));
    }
    fd_value x = l->graph->value[a];
    int64_t outputs = b.shape.dim[tb ? 0 : 1];
    if (x.shape.dim[1] != b.shape.dim[tb ? 1 : 0])
        FD_THROW(FD_FORMAT, "%s: %lld columns meet %lld rows", l->label, (long long)x.shape.dim[1], (long long)b.shape.dim[tb ? 1 : 0]);
    FD_TRY(gemm_bias(l, beta, outputs, &gemm.bias));
    if (x.data || !b.data || b.type != FD_F32 || (fd_has(l, 2) && !gemm.bias)) {
        FD_TRY(gemm_general(l, a, tb != 0, alpha, beta));
    } else {
        FD_TRY(gemm_weight(l, &b, tb != 0, alpha, &gemm.weight));
        FD_TRY(add_gemm(l, a, &gemm, outputs, &l->output[0]));
    }
done:
    return err;
}

/* Leading dimensions broadcast, the last two multiply. */
static fd_error *matmul_shape(const fd_lower *l, const fd_tensor *a, const fd_tensor *b, fd_tensor *out)
{
    fd_tensor x = *a, y = *b;
    int64_t rows = x.dim[x.rank - 2], columns = y.dim[y.rank - 1];
    bool fits = x.dim[x.rank - 1] == y.dim[y.rank - 2];
    x.rank -= 2;
    y.rank -= 2;
    if (!fits || !fd_shape_broadcast(&x, &y, out)) {
        char p[FD_SHAPE_TEXT], q[FD_SHAPE_TEXT];
        return FD_FAIL(FD_FORMAT, "%s: %s and %s cannot be multiplied", l->label, fd_shape_text(a, p), fd_shape_text(b, q));
    }
    out->dim[out->rank++] = rows;
    out->dim[out->rank++] = columns;
    return NULL;
}

/* Vectors become matrices: [k] on the left [1][k], on the right [k][1]. */
static fd_error *as_matrix(fd_lower *l, int value, bool left, int *out)
{
    fd_tensor s = l->graph->value[value].shape;
    *out = value;
    if (s.rank == 0)
        return FD_FAIL(FD_FORMAT, "%s: a single number as operand", l->label);
    if (s.rank > 1)
        return NULL;
    fd_tensor matrix = left ? fd_shape(2, (int64_t[]){1, s.dim[0]}) : fd_shape(2, (int64_t[]){s.dim[0], 1});
    return fd_add_reshape(l, value, &matrix, out);
}

/* All rows of a times one constant matrix: a Gemm. */
static fd_error *matmul_gemm(fd_lower *l, int a, const fd_value *b, const fd_tensor *shape, int *out)
{
    fd_error *err = NULL;
    fd_op_desc gemm = {0};
    fd_tensor in = l->graph->value[a].shape;
    int64_t rows = 1;
    for (int i = 0; i < in.rank - 1; i++)
        rows *= in.dim[i];
    fd_tensor flat = fd_shape(2, (int64_t[]){rows, in.dim[in.rank - 1]});
    FD_TRY(fd_add_reshape(l, a, &flat, &a));
    FD_TRY(gemm_weight(l, b, false, 1, &gemm.weight));
    FD_TRY(add_gemm(l, a, &gemm, b->shape.dim[1], out));
    FD_TRY(fd_add_reshape(l, *out, shape, out));
done:
    return err;
}

static fd_error *matmul_any(fd_lower *l, int a, int b, const fd_tensor *shape, int *out)
{
    fd_op_desc desc = fd_desc(l, FD_OP_MATMUL, 1, shape);
    const fd_value *x = &l->graph->value[a], *y = &l->graph->value[b];
    if (!x->data == !y->data) {
        desc.inputs = 2;
        return fd_graph_add(l->graph, &desc, (int[]){a, b}, out);
    }
    desc.constant[y->data != NULL] = y->data ? y->data : x->data;
    desc.constant_shape = y->data ? y->shape : x->shape;
    return fd_add1(l, &desc, y->data ? a : b, out);
}

fd_error *fd_lower_matmul(fd_lower *l)
{
    fd_error *err = NULL;
    int a, b, product;
    fd_tensor shape;
    FD_TRY(as_matrix(l, l->input[0], true, &a));
    FD_TRY(as_matrix(l, l->input[1], false, &b));
    fd_value x = l->graph->value[a], y = l->graph->value[b];
    if (x.type != FD_F32 || y.type != FD_F32)
        FD_THROW(FD_UNSUPPORTED, "%s multiplies whole numbers", l->label);
    FD_TRY(matmul_shape(l, &x.shape, &y.shape, &shape));
    if (!x.data && y.data && y.shape.rank == 2)
        FD_TRY(matmul_gemm(l, a, &y, &shape, &product));
    else
        FD_TRY(matmul_any(l, a, b, &shape, &product));
    /* What was a vector has no such axis in the result. */
    if (fd_in(l, 1).shape.rank == 1)
        shape.rank--;
    if (fd_in(l, 0).shape.rank == 1) {
        if (fd_in(l, 1).shape.rank > 1)
            shape.dim[shape.rank - 2] = shape.dim[shape.rank - 1];
        shape.rank--;
    }
    FD_TRY(fd_add_reshape(l, product, &shape, &l->output[0]));
done:
    return err;
}
