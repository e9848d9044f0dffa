/* The table of the networks' operators. Everything lies PLAIN: cuDNN takes it as it is, and our kernels read it in order. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/cuda/operators.h"

_Static_assert((int)FD_VIEW_RANK == (int)FD_MAX_RANK, "kernels take as many axes as the engine");

fd_error *fd_cuda_op_keep(fd_cuda_op *op, const void *host, size_t bytes, void *out)
{
    fd_error *err = NULL;
    void *p = NULL;
    if (host) {
        assert(op->constants < FD_CUDA_CONSTANTS);
        FD_TRY(fd_cuda_keep(op->engine, host, bytes, &p));
        op->constant[op->constants++] = p;
    }
    memcpy(out, &p, sizeof p);
done:
    return err;
}

void fd_cuda_strides(const fd_tensor *t, int64_t strides[FD_MAX_RANK])
{
    int64_t stride = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        strides[i] = t->dim[i] == 1 ? 0 : stride;
        stride *= t->dim[i];
    }
}

static void release(fd_op *base)
{
    fd_cuda_op *op = (fd_cuda_op *)base;
    atomic_fetch_add(&op->engine->released, 1);
    fd_cuda_conv_close(op->conv);
    fd_cuda_gemm_close(op->gemm);
    free(op->matmul.offset[0]);
    free(op->matmul.offset[1]);
    for (int i = 0; i < op->constants; i++)
        fd_cuda_give(op->engine, NULL, op->constant[i]);
    free(op);
}

static fd_error *op_run(const fd_op *base, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    const fd_cuda_op *op = (const fd_cuda_op *)base;
    const float *in[FD_MAX_INPUTS];
    for (int i = 0; i < op->inputs; i++)
        in[i] = inputs[i];
    if (op->n == 0)
        return NULL;
    return op->run(op, (fd_cuda_lane *)lane, in, output, scratch);
}

static fd_cuda_prepare *const constructors[FD_OP_KINDS] = {
    [FD_OP_CONV] = fd_cuda_prepare_conv,         [FD_OP_GEMM] = fd_cuda_prepare_gemm,       [FD_OP_MATMUL] = fd_cuda_prepare_matmul,
    [FD_OP_POOL] = fd_cuda_prepare_pool,         [FD_OP_ACTIVATE] = fd_cuda_prepare_activate, [FD_OP_SCALE] = fd_cuda_prepare_scale,
    [FD_OP_BINARY] = fd_cuda_prepare_binary,     [FD_OP_CONCAT] = fd_cuda_prepare_concat,   [FD_OP_TRANSPOSE] = fd_cuda_prepare_transpose,
    [FD_OP_SLICE] = fd_cuda_prepare_slice,       [FD_OP_PAD] = fd_cuda_prepare_pad,         [FD_OP_GATHER] = fd_cuda_prepare_gather,
    [FD_OP_RESHAPE] = fd_cuda_prepare_copy,      [FD_OP_EXPAND] = fd_cuda_prepare_expand,   [FD_OP_REDUCE] = fd_cuda_prepare_reduce,
    [FD_OP_SOFTMAX] = fd_cuda_prepare_softmax,   [FD_OP_LPNORM] = fd_cuda_prepare_lpnorm,   [FD_OP_REORDER] = fd_cuda_prepare_copy,
};

static fd_error *op_prepare(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    fd_error *err = NULL;
    fd_cuda_op *op = NULL;
    FD_TRY(fd_alloc(&op, 1, sizeof *op));
    op->base.release = release;
    op->engine = fd_cuda(e);
    op->kind = d->kind;
    op->inputs = d->inputs;
    op->n = fd_tensor_count(&d->output);
    FD_TRY(constructors[d->kind](op, d));
    *out = &op->base;
    op = NULL;
done:
    if (op)
        release(&op->base);
    return err;
}

static void op_release(fd_op *op)
{
    if (op)
        op->release(op);
}

static size_t op_scratch(const fd_op *op)
{
    return op->scratch;
}

static fd_layout op_layout(const fd_engine *e, const fd_op_desc *ops, int n)
{
    (void)e, (void)ops, (void)n;
    return FD_PLAIN;
}

static bool op_accepts(const fd_engine *e, const fd_op_desc *op, fd_layout layout)
{
    (void)e, (void)op;
    return layout == FD_PLAIN;
}

static void op_measure(const fd_engine *e, fd_tensor *t)
{
    (void)e;
    t->bytes = (size_t)fd_tensor_count(t) * sizeof(float);
}

const fd_op_table fd_cuda_op_table = {
    .layout = op_layout,
    .accepts = op_accepts,
    .takes_plain = op_accepts,
    .measure = op_measure,
    .prepare = op_prepare,
    .scratch = op_scratch,
    .run = op_run,
    .release = op_release,
    .pnet_prepare = fd_cuda_pnet_prepare,
    .pnet_run = fd_cuda_pnet_run,
};
