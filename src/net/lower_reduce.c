/* Operators along axes: Softmax, reductions, norms; and the comparisons of whole numbers that shape arithmetic uses. */
#include "net/lower.h"

fd_error *fd_lower_softmax(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape;
    int64_t stated, after = 1;
    fd_op_desc desc = fd_desc(l, FD_OP_SOFTMAX, 1, &in);
    FD_TRY(fd_attr_int(l, "axis", l->opset < 13 ? 1 : -1, &stated));
    FD_TRY(fd_axis(l, stated, in.rank, &desc.axis));
    FD_TRY(fd_keep_batch(l, desc.axis));
    for (int i = desc.axis + 1; i < in.rank; i++)
        after *= in.dim[i];
    desc.flat = l->opset < 13 && after > 1;
    FD_TRY(fd_add1(l, &desc, l->input[0], &l->output[0]));
done:
    return err;
}

static fd_error *reduced_axes(fd_lower *l, const fd_tensor *in, fd_op_desc *desc, bool *nothing)
{
    fd_error *err = NULL;
    const int64_t *axes;
    int64_t n, noop;
    FD_TRY(fd_ints_of(l, "axes", 1, &axes, &n));
    FD_TRY(fd_attr_int(l, "noop_with_empty_axes", 0, &noop));
    *nothing = n <= 0 && noop;
    for (int i = 0; i < in->rank; i++)
        desc->axes[i] = n <= 0;
    for (int64_t i = 0; i < n; i++) {
        int axis;
        FD_TRY(fd_axis(l, axes[i], in->rank, &axis));
        desc->axes[axis] = true;
    }
    if (in->rank && desc->axes[0])
        FD_TRY(fd_keep_batch(l, 0));
done:
    return err;
}

/* A mean over height and width is a pooling, which engines do in their own layout. */
static void as_pool(fd_op_desc *desc, const fd_tensor *in)
{
    if (desc->reduce != FD_REDUCE_MEAN || in->rank != 4 || desc->axes[0] || desc->axes[1] || !desc->axes[2] || !desc->axes[3])
        return;
    desc->kind = FD_OP_POOL;
    for (int i = 0; i < 2; i++) {
        desc->kernel[i] = in->dim[2 + i];
        desc->stride[i] = desc->dilation[i] = 1;
    }
}

static fd_error *reduce(fd_lower *l, fd_reduce how)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape, kept = in, dropped = {0};
    int64_t keep;
    bool nothing = false;
    fd_op_desc desc = fd_desc(l, FD_OP_REDUCE, 1, &in);
    desc.reduce = how;
    FD_TRY(fd_attr_int(l, "keepdims", 1, &keep));
    FD_TRY(reduced_axes(l, &in, &desc, &nothing));
    if (nothing)
        return fd_lower_identity(l);
    for (int i = 0; i < in.rank; i++)
        if (desc.axes[i])
            kept.dim[i] = 1;
        else
            dropped.dim[dropped.rank++] = in.dim[i];
    desc.output = kept;
    as_pool(&desc, &in);
    FD_TRY(fd_add1(l, &desc, l->input[0], &l->output[0]));
    if (!keep)
        FD_TRY(fd_add_reshape(l, l->output[0], &dropped, &l->output[0]));
done:
    return err;
}

fd_error *fd_lower_reduce_mean(fd_lower *l)
{
    return reduce(l, FD_REDUCE_MEAN);
}

fd_error *fd_lower_reduce_sum(fd_lower *l)
{
    return reduce(l, FD_REDUCE_SUM);
}

fd_error *fd_lower_reduce_l2(fd_lower *l)
{
    return reduce(l, FD_REDUCE_L2);
}

fd_error *fd_lower_lp_norm(fd_lower *l)
{
    fd_error *err = NULL;
    fd_tensor in = fd_in(l, 0).shape;
    int64_t stated, p;
    fd_op_desc desc = fd_desc(l, FD_OP_LPNORM, 1, &in);
    FD_TRY(fd_attr_int(l, "axis", -1, &stated));
    FD_TRY(fd_attr_int(l, "p", 2, &p));
    if (p != 1 && p != 2)
        FD_THROW(FD_FORMAT, "%s: p is %lld, not 1 or 2", l->label, (long long)p);
    FD_TRY(fd_axis(l, stated, in.rank, &desc.axis));
    FD_TRY(fd_keep_batch(l, desc.axis));
    desc.p = (int)p;
    FD_TRY(fd_add1(l, &desc, l->input[0], &l->output[0]));
done:
    return err;
}

/* Lists of whole numbers of one length, or a single number repeated. */
static fd_error *whole(const fd_lower *l, int i, const int64_t **data, int64_t *count)
{
    fd_value v = fd_in(l, i);
    if (!v.data || v.type != FD_I64)
        return FD_FAIL(FD_UNSUPPORTED, "%s: only shapes and other constant whole numbers are supported there", l->label);
    *data = v.data;
    fd_shape_count(&v.shape, count);
    return NULL;
}

/* n operands, elementwise by `f`, with single numbers spread out. */
static fd_error *elementwise(fd_lower *l, int n, int64_t (*f)(const int64_t *x))
{
    fd_error *err = NULL;
    const int64_t *from[3];
    int64_t count[3], *out;
    fd_tensor shape = fd_in(l, 0).shape;
    for (int i = 0; i < n; i++) {
        fd_tensor next = fd_in(l, i).shape;
        FD_TRY(whole(l, i, &from[i], &count[i]));
        if (!fd_shape_broadcast(&shape, &next, &shape))
            FD_THROW(FD_FORMAT, "%s: its inputs do not broadcast", l->label);
    }
    int64_t total;
    fd_shape_count(&shape, &total);
    for (int i = 0; i < n; i++)
        if (count[i] != 1 && count[i] != total)
            FD_THROW(FD_UNSUPPORTED, "%s: whole numbers of different shapes", l->label);
    FD_TRY(fd_graph_ints(l->graph, l->name, &shape, &out, &l->output[0]));
    for (int64_t k = 0; k < total; k++) {
        int64_t x[3] = {0};
        for (int i = 0; i < n; i++)
            x[i] = from[i][count[i] == 1 ? 0 : k];
        out[k] = f(x);
    }
done:
    return err;
}

static int64_t equal(const int64_t *x)
{
    return x[0] == x[1];
}

static int64_t choose(const int64_t *x)
{
    return x[0] ? x[1] : x[2];
}

fd_error *fd_lower_equal(fd_lower *l)
{
    return elementwise(l, 2, equal);
}

fd_error *fd_lower_where(fd_lower *l)
{
    return elementwise(l, 3, choose);
}
