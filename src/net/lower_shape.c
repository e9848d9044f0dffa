/* Reshaping and shape arithmetic: what exporters leave of `x.view(x.size(0), -1)`. */
#include "net/lower.h"

#include <limits.h>
#include <math.h>
#include <string.h>

fd_error *fd_lower_identity(fd_lower *l)
{
    l->output[0] = l->input[0];
    return NULL;
}

fd_error *fd_lower_dropout(fd_lower *l)
{
    if (fd_has(l, 2)) {
        fd_value training = fd_in(l, 2);
        if (!training.data || training.type != FD_I64 || *(const int64_t *)training.data)
            return FD_FAIL(FD_UNSUPPORTED, "%s is in training mode", l->label);
    }
    return fd_lower_identity(l);
}

/* value_float, value_floats, value_int, value_ints */
static fd_error *plain_constant(fd_lower *l)
{
    fd_error *err = NULL;
    for (size_t i = 0; i < l->node->n_attribute; i++) {
        const Onnx__AttributeProto *a = l->node->attribute[i];
        const char *name = a->name ? a->name : "";
        fd_tensor one = {0}, many = {.rank = 1};
        fd_constant c = {.shape = one};
        if (strcmp(name, "value_float") == 0)
            c = (fd_constant){FD_F32, one, &a->f};
        else if (strcmp(name, "value_int") == 0)
            c = (fd_constant){FD_I64, one, &a->i};
        else if (strcmp(name, "value_floats") == 0)
            c = (fd_constant){FD_F32, many, a->n_floats ? a->floats : &a->f};
        else if (strcmp(name, "value_ints") == 0)
            c = (fd_constant){FD_I64, many, a->n_ints ? (const void *)a->ints : &a->i};
        else
            continue;
        if (c.shape.rank)
            c.shape.dim[0] = (int64_t)(c.type == FD_F32 ? a->n_floats : a->n_ints);
        FD_TRY(fd_graph_constant(l->graph, l->name, &c, &l->output[0]));
        return NULL;
    }
    FD_THROW(FD_UNSUPPORTED, "%s holds no numbers", l->label);
done:
    return err;
}

fd_error *fd_lower_constant(fd_lower *l)
{
    fd_error *err = NULL;
    const Onnx__TensorProto *t;
    fd_constant c;
    FD_TRY(fd_attr_tensor(l, "value", &t));
    if (!t)
        return plain_constant(l);
    err = fd_model_tensor(l->model, t, &c);
    if (err)   /* such tensors have no name */
        return fd_error_prefix(err, "%s", l->label);
    FD_TRY(fd_graph_constant(l->graph, l->name, &c, &l->output[0]));
done:
    return err;
}

/* A list of dimensions from constant input i. */
static fd_error *dimensions(const fd_lower *l, int input, fd_tensor *out)
{
    fd_error *err = NULL;
    const int64_t *dim;
    int64_t n;
    FD_TRY(fd_ints_of(l, NULL, input, &dim, &n));
    if (n > FD_MAX_RANK)
        FD_THROW(FD_UNSUPPORTED, "%s: a shape of %lld dimensions; %d are supported", l->label, (long long)n, FD_MAX_RANK);
    *out = fd_shape((int)n, dim);
done:
    return err;
}

fd_error *fd_lower_constant_of_shape(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor shape;
    const Onnx__TensorProto *t;
    fd_constant fill = {.type = FD_F32, .data = &(float){0}};
    int64_t count, one;
    float *f;
    int64_t *w;
    FD_TRY(dimensions(l, 0, &shape));
    FD_TRY(fd_attr_tensor(l, "value", &t));
    if (t)
        FD_TRY(fd_model_tensor(l->model, t, &fill));
    if (!fd_shape_count(&fill.shape, &one) || one != 1 || !fd_shape_count(&shape, &count))
        FD_THROW(FD_FORMAT, "%s: a negative or too large shape, or not one value", l->label);
    if (fill.type == FD_F32) {
        FD_TRY(fd_graph_floats(l->graph, l->name, &shape, &f, &l->output[0]));
        for (int64_t i = 0; i < count; i++)
            f[i] = *(const float *)fill.data;
    } else {
        FD_TRY(fd_graph_ints(l->graph, l->name, &shape, &w, &l->output[0]));
        for (int64_t i = 0; i < count; i++)
            w[i] = *(const int64_t *)fill.data;
    }
done:
    return err;
}

/* A bound as Shape and Slice have it: negative from the end, then cut to [low, high]. */
static int64_t bound(int64_t at, int64_t size, int64_t low, int64_t high)
{
    if (at < 0)
        at = at < -size ? low : at + size;
    return at < low ? low : at > high ? high : at;
}

fd_error *fd_lower_shape(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape, list = {.rank = 1};
    int64_t start, end, *data;
    FD_TRY(fd_attr_int(l, "start", 0, &start));
    FD_TRY(fd_attr_int(l, "end", in.rank, &end));
    start = bound(start, in.rank, 0, in.rank);
    end = bound(end, in.rank, 0, in.rank);
    list.dim[0] = end > start ? end - start : 0;
    FD_TRY(fd_graph_ints(l->graph, l->name, &list, &data, &l->output[0]));
    memcpy(data, in.dim + start, (size_t)list.dim[0] * sizeof *data);
done:
    return err;
}

static fd_error *convert(fd_lower *l, const fd_value *x, fd_type to, bool boolean)
{
    fd_error *err = NULL;
    int64_t count, *w;
    float *f;
    fd_shape_count(&x->shape, &count);
    if (to == FD_F32) {
        FD_TRY(fd_graph_floats(l->graph, l->name, &x->shape, &f, &l->output[0]));
        for (int64_t i = 0; i < count; i++)
            f[i] = (float)((const int64_t *)x->data)[i];
        return NULL;
    }
    FD_TRY(fd_graph_ints(l->graph, l->name, &x->shape, &w, &l->output[0]));
    for (int64_t i = 0; i < count; i++) {
        double v = x->type == FD_F32 ? (double)((const float *)x->data)[i] : (double)(((const int64_t *)x->data)[i] != 0);
        if (!(fabs(v) < 9.2e18))
            FD_THROW(FD_FORMAT, "%s: a value that is no whole number of 64 bits", l->label);
        w[i] = boolean ? v != 0 : (int64_t)v;
    }
done:
    return err;
}

fd_error *fd_lower_cast(fd_lower *l)
{
    fd_error *err = NULL;
    int64_t to;
    fd_value x = fd_in(l, 0);
    FD_TRY(fd_attr_int(l, "to", 0, &to));
    bool whole = (to >= 2 && to <= 9 && to != 8) || to == 12 || to == 13, boolean = to == 9;
    if (!whole && to != 1 && !(to == 11 && x.data))
        FD_THROW(FD_UNSUPPORTED, "%s to element type %lld; networks run in float32", l->label, (long long)to);
    if (!x.data && whole)
        FD_THROW(FD_UNSUPPORTED, "%s makes whole numbers of what the network computes", l->label);
    if (x.type == (whole ? FD_I64 : FD_F32) && !boolean)
        return fd_lower_identity(l);
    FD_TRY(convert(l, &x, whole ? FD_I64 : FD_F32, boolean));
done:
    return err;
}

/* The shape that Reshape asks for: 0 copies a dimension, -1 is what is left. */
static fd_error *target(const fd_lower *l, const fd_tensor *in, bool zero_is_zero, fd_tensor *t)
{
    const fd_graph *g = l->graph;
    int64_t count, known = 1;
    int open = -1;
    fd_shape_count(in, &count);
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] == 0 && !zero_is_zero) {
            if (i >= in->rank)
                return FD_FAIL(FD_FORMAT, "%s: it copies dimension %d of a tensor with %d", l->label, i, in->rank);
            t->dim[i] = in->dim[i];
        }
        if (t->dim[i] == -1 && open >= 0)
            return FD_FAIL(FD_FORMAT, "%s: two dimensions are left open", l->label);
        if (t->dim[i] == -1)
            open = i;
    }
    /* A file made for another batch says so in numbers: its batch here is ours. */
    if (g->batch != g->file_batch && t->rank > 0 && in->rank > 0 && t->dim[0] == g->file_batch && in->dim[0] == g->batch)
        t->dim[0] = g->batch;
    for (int i = 0; i < t->rank; i++)
        if (i != open && (t->dim[i] < 0 || __builtin_mul_overflow(known, t->dim[i], &known)))
            return FD_FAIL(FD_FORMAT, "%s: a negative or too large dimension", l->label);
    if (open >= 0)
        t->dim[open] = known && count % known == 0 ? count / known : 0;
    return NULL;
}

fd_error *fd_lower_reshape(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor shape, in = fd_in(l, 0).shape;
    int64_t zero_is_zero;
    FD_TRY(fd_attr_int(l, "allowzero", 0, &zero_is_zero));
    FD_TRY(dimensions(l, 1, &shape));
    FD_TRY(target(l, &in, zero_is_zero != 0, &shape));
    FD_TRY(fd_add_reshape(l, l->input[0], &shape, &l->output[0]));
done:
    return err;
}

fd_error *fd_lower_flatten(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape, out = fd_shape(2, (int64_t[]){1, 1});
    int64_t axis;
    FD_TRY(fd_attr_int(l, "axis", 1, &axis));
    if (axis < -in.rank || axis > in.rank)
        FD_THROW(FD_FORMAT, "%s: axis %lld of a tensor with %d dimensions", l->label, (long long)axis, in.rank);
    axis = axis < 0 ? axis + in.rank : axis;
    for (int i = 0; i < in.rank; i++)
        out.dim[i >= axis] *= in.dim[i];
    FD_TRY(fd_add_reshape(l, l->input[0], &out, &l->output[0]));
done:
    return err;
}

fd_error *fd_lower_squeeze(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape, out = {0};
    const int64_t *axes;
    int64_t n;
    bool gone[FD_MAX_RANK] = {false};
    FD_TRY(fd_ints_of(l, "axes", 1, &axes, &n));
    for (int64_t i = 0; i < n; i++) {
        int axis;
        FD_TRY(fd_axis(l, axes[i], in.rank, &axis));
        if (in.dim[axis] != 1)
            FD_THROW(FD_FORMAT, "%s: axis %d has %lld elements, not 1", l->label, axis, (long long)in.dim[axis]);
        gone[axis] = true;
    }
    for (int i = 0; i < in.rank; i++)
        if (!(n < 0 ? in.dim[i] == 1 : gone[i]))
            out.dim[out.rank++] = in.dim[i];
    FD_TRY(fd_add_reshape(l, l->input[0], &out, &l->output[0]));
done:
    return err;
}

fd_error *fd_lower_unsqueeze(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape, out = {.rank = in.rank};
    const int64_t *axes;
    int64_t n;
    bool is_new[FD_MAX_RANK] = {false};
    FD_TRY(fd_ints_of(l, "axes", 1, &axes, &n));
    if (n < 0 || in.rank + n > FD_MAX_RANK)
        FD_THROW(FD_UNSUPPORTED, "%s: no axes, or a result with more than %d dimensions", l->label, FD_MAX_RANK);
    out.rank += (int)n;
    for (int64_t i = 0; i < n; i++) {
        int axis;
        FD_TRY(fd_axis(l, axes[i], out.rank, &axis));
        if (is_new[axis])
            FD_THROW(FD_FORMAT, "%s: axis %d twice", l->label, axis);
        is_new[axis] = true;
    }
    for (int i = 0, from = 0; i < out.rank; i++)
        out.dim[i] = is_new[i] ? 1 : in.dim[from++];
    FD_TRY(fd_add_reshape(l, l->input[0], &out, &l->output[0]));
done:
    return err;
}

fd_error *fd_lower_expand(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape, shape, out;
    FD_TRY(dimensions(l, 1, &shape));
    if (!fd_shape_broadcast(&in, &shape, &out))
        FD_THROW(FD_FORMAT, "%s: its input does not broadcast to the shape that is asked for", l->label);
    if (fd_shape_equal(&in, &out))
        return fd_lower_identity(l);
    fd_op_desc desc = fd_desc(l, FD_OP_EXPAND, 1, &out);
    FD_TRY(fd_add1(l, &desc, l->input[0], &l->output[0]));
done:
    return err;
}
