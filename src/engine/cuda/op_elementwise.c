/* Element by element: activations, scales, operators with two operands; softmax, norms and reductions along axes. */
#include "engine/cuda/operators.h"
#include "kernels/lpnorm.h"
#include "kernels/softmax.h"

_Static_assert((int)FD_BIN_ADD == (int)FD_ADD && (int)FD_BIN_SUB == (int)FD_SUB && (int)FD_BIN_MUL == (int)FD_MUL && (int)FD_BIN_DIV == (int)FD_DIV &&
                   (int)FD_BIN_POW == (int)FD_POW && (int)FD_RED_MEAN == (int)FD_REDUCE_MEAN && (int)FD_RED_SUM == (int)FD_REDUCE_SUM &&
                   (int)FD_RED_L2 == (int)FD_REDUCE_L2,
               "kernels and engine number their operators alike");

static fd_error *run_finish(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    return fd_cuda_error(op->engine, fd_epilogue(in[0], out, op->n, op->finish, fd_cuda_stream(lane)), "activation");
}

fd_error *fd_cuda_prepare_activate(fd_cuda_op *op, const fd_op_desc *d)
{
    op->run = run_finish;
    return fd_cuda_op_finish(op, d);
}

fd_error *fd_cuda_prepare_scale(fd_cuda_op *op, const fd_op_desc *d)
{
    op->run = run_finish;
    return fd_cuda_op_finish(op, d);
}

/* --- two operands ----------------------------------------------------------------------------------------------------------------------- */

static fd_error *run_binary(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    int next = 0;
    const float *a = op->binary.constant[0] ? op->binary.constant[0] : in[next++];
    const float *b = op->binary.constant[1] ? op->binary.constant[1] : in[next];
    return fd_cuda_error(op->engine, fd_binary_op(op->binary.kind, op->binary.shape, a, b, out, fd_cuda_stream(lane)), "operator with two operands");
}

fd_error *fd_cuda_prepare_binary(fd_cuda_op *op, const fd_op_desc *d)
{
    fd_error *err = NULL;
    int next = 0;
    fd_broadcast *s = &op->binary.shape;
    op->run = run_binary;
    op->binary.kind = (int32_t)d->binary;
    s->rank = d->output.rank;
    for (int k = 0; k < 2; k++) {
        const fd_tensor *t = d->constant[k] ? &d->constant_shape : &d->input[next++];
        int64_t own[FD_MAX_RANK], *strides = k == 0 ? s->a : s->b;
        fd_cuda_strides(t, own);
        for (int i = 0; i < s->rank; i++) {
            const int axis = i - (s->rank - t->rank);
            s->dim[i] = d->output.dim[i];
            strides[i] = axis < 0 ? 0 : own[axis];
        }
        FD_TRY(fd_cuda_op_keep(op, d->constant[k], (size_t)fd_tensor_count(&d->constant_shape) * sizeof(float), &op->binary.constant[k]));
    }
done:
    return err;
}

/* --- along axes ------------------------------------------------------------------------------------------------------------------------- */

static fd_error *run_reduce(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    return fd_cuda_error(op->engine, fd_reduce_op(op->reduction, in[0], out, fd_cuda_stream(lane)), "reduction");
}

fd_error *fd_cuda_prepare_reduce(fd_cuda_op *op, const fd_op_desc *d)
{
    int64_t strides[FD_MAX_RANK];
    fd_reduction *r = &op->reduction;
    r->kind = (int32_t)d->reduce;
    fd_cuda_strides(&d->input[0], strides);
    for (int i = 0; i < d->input[0].rank; i++) {
        const bool goes = d->axes[i];
        int32_t *at = goes ? &r->gone : &r->kept;
        (goes ? r->gone_dim : r->kept_dim)[*at] = d->input[0].dim[i];
        (goes ? r->gone_stride : r->kept_stride)[*at] = strides[i];
        ++*at;
    }
    op->run = run_reduce;
    return NULL;
}

static void rows_along(fd_cuda_op *op, const fd_op_desc *d, bool flat)
{
    const fd_tensor *t = &d->input[0];
    op->rows.outer = op->rows.n = op->rows.inner = 1;
    op->rows.p = d->p;
    for (int i = 0; i < t->rank; i++)
        *(i < d->axis ? &op->rows.outer : i == d->axis || flat ? &op->rows.n : &op->rows.inner) *= t->dim[i];
}

static fd_error *run_softmax(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    return fd_cuda_error(op->engine, fd_softmax(in[0], out, op->rows.outer, op->rows.n, op->rows.inner, fd_cuda_stream(lane)), "softmax");
}

fd_error *fd_cuda_prepare_softmax(fd_cuda_op *op, const fd_op_desc *d)
{
    rows_along(op, d, d->flat);
    op->run = run_softmax;
    return NULL;
}

static fd_error *run_lpnorm(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch)
{
    (void)scratch;
    return fd_cuda_error(op->engine, fd_lpnorm(in[0], out, op->rows.p, op->rows.outer, op->rows.n, op->rows.inner, fd_cuda_stream(lane)), "norm");
}

fd_error *fd_cuda_prepare_lpnorm(fd_cuda_op *op, const fd_op_desc *d)
{
    rows_along(op, d, false);
    op->run = run_lpnorm;
    return NULL;
}
