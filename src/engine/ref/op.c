/* The table of operators: which function runs which kind, and the copy of an operator's description that it runs on. */
#include "engine/op.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/ref/ref.h"

static fd_ref_operator *const operators[FD_OP_KINDS] = {
    [FD_OP_CONV] = fd_ref_conv,         [FD_OP_GEMM] = fd_ref_gemm,       [FD_OP_MATMUL] = fd_ref_matmul, [FD_OP_POOL] = fd_ref_pool,
    [FD_OP_ACTIVATE] = fd_ref_activate, [FD_OP_SCALE] = fd_ref_scale,     [FD_OP_BINARY] = fd_ref_binary, [FD_OP_CONCAT] = fd_ref_concat,
    [FD_OP_TRANSPOSE] = fd_ref_transpose, [FD_OP_SLICE] = fd_ref_slice,   [FD_OP_PAD] = fd_ref_pad,       [FD_OP_GATHER] = fd_ref_gather,
    [FD_OP_RESHAPE] = fd_ref_copy,      [FD_OP_EXPAND] = fd_ref_expand,   [FD_OP_REDUCE] = fd_ref_reduce, [FD_OP_SOFTMAX] = fd_ref_softmax,
    [FD_OP_LPNORM] = fd_ref_lpnorm,     [FD_OP_REORDER] = fd_ref_copy,
};

enum { CONSTANTS = 4 };   /* at most, of one kind */

typedef struct ref_op {
    fd_op base;
    fd_op_desc desc;           /* its pointers lead to `own` */
    void *own[CONSTANTS];
    int n_own;
} ref_op;

static fd_error *ref_run(const fd_op *op, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    (void)lane;
    (void)scratch;
    const fd_op_desc *desc = &((const ref_op *)op)->desc;
    const float *in[FD_MAX_INPUTS];
    for (int i = 0; i < desc->inputs; i++)
        in[i] = inputs[i];
    operators[desc->kind](desc, in, output);
    return NULL;
}

static void ref_release(fd_op *op)
{
    ref_op *own = (ref_op *)op;
    for (int i = 0; i < own->n_own; i++)
        free(own->own[i]);
    free(own);
}

/* Replaces the caller's array of n elements by a copy that the operator owns. */
static fd_error *keep(ref_op *op, void *pointer, int64_t n, size_t size)
{
    const void *from;
    memcpy(&from, pointer, sizeof from);
    if (!from)
        return NULL;
    void *copy;
    fd_error *err = fd_alloc(&copy, (size_t)n, size);
    if (err)
        return err;
    memcpy(copy, from, (size_t)n * size);
    memcpy(pointer, &copy, sizeof copy);
    assert(op->n_own < CONSTANTS);
    op->own[op->n_own++] = copy;
    return NULL;
}

static fd_error *keep_weights(ref_op *op, fd_op_desc *d)
{
    fd_error *err = NULL;
    int64_t outputs = d->output.dim[1], depth = fd_tensor_count(&d->input[0]) / d->input[0].dim[0];
    if (d->kind == FD_OP_CONV)
        depth = d->input[0].dim[1] / d->groups * d->kernel[0] * d->kernel[1];
    FD_TRY(keep(op, &d->weight, outputs * depth, sizeof(float)));
    FD_TRY(keep(op, &d->bias, outputs, sizeof(float)));
done:
    return err;
}

/* Only what the kind reads is copied: other pointers may hold anything. */
static fd_error *keep_constants(ref_op *op)
{
    fd_op_desc *d = &op->desc;
    fd_error *err = NULL;
    bool layer = d->kind == FD_OP_CONV || d->kind == FD_OP_GEMM;
    if (layer)
        FD_TRY(keep_weights(op, d));
    if ((layer || d->kind == FD_OP_ACTIVATE) && d->activation == FD_ACT_PRELU)
        FD_TRY(keep(op, &d->slopes, d->n_slopes, sizeof(float)));
    if (d->kind == FD_OP_SCALE) {
        int64_t channels = d->input[0].rank > 1 ? d->input[0].dim[1] : 1;
        FD_TRY(keep(op, &d->scale, channels, sizeof(float)));
        FD_TRY(keep(op, &d->bias, channels, sizeof(float)));
    }
    if (d->kind == FD_OP_BINARY || d->kind == FD_OP_MATMUL)
        for (int k = 0; k < 2; k++)
            FD_TRY(keep(op, &d->constant[k], fd_tensor_count(&d->constant_shape), sizeof(float)));
    if (d->kind == FD_OP_GATHER)
        FD_TRY(keep(op, &d->indices, d->n_indices, sizeof(int64_t)));
done:
    return err;
}

fd_error *fd_ref_prepare(fd_engine *e, const fd_op_desc *desc, fd_op **out)
{
    (void)e;
    ref_op *op;
    fd_error *err = fd_alloc(&op, 1, sizeof *op);
    if (err)
        return err;
    op->base = (fd_op){.run = ref_run, .release = ref_release};
    op->desc = *desc;
    op->desc.name = NULL;   /* the caller's */
    FD_TRY(keep_constants(op));
    *out = &op->base;
    op = NULL;
done:
    if (op)
        ref_release(&op->base);
    return err;
}

static fd_layout ref_layout(const fd_engine *e, const fd_op_desc *ops, int n)
{
    (void)e;
    (void)ops;
    (void)n;
    return FD_PLAIN;
}

static bool ref_accepts(const fd_engine *e, const fd_op_desc *op, fd_layout layout)
{
    (void)e;
    (void)op;
    return layout == FD_PLAIN;
}

static bool ref_takes_plain(const fd_engine *e, const fd_op_desc *op, fd_layout layout)
{
    (void)e;
    (void)op;
    return layout == FD_PLAIN;
}

static void ref_measure(const fd_engine *e, fd_tensor *t)
{
    (void)e;
    t->bytes = (size_t)fd_tensor_count(t) * sizeof(float);
}

const fd_op_table fd_ref_op = {
    .layout = ref_layout,
    .accepts = ref_accepts,
    .takes_plain = ref_takes_plain,
    .measure = ref_measure,
    .prepare = fd_ref_prepare,
    .scratch = fd_host_op_scratch,
    .run = fd_host_op_run,
    .release = fd_host_op_release,
};
