/* Which code runs which operator. Convolutions, pools and what lies between them run on FD_BLOCKED arrays by oneDNN, small networks on large
 * batches on FD_LANES arrays by code of our own. What only moves numbers, or occurs a few times on a few numbers, runs the reference engine's
 * loops on PLAIN arrays. */
#include "engine/op.h"

#include "engine/cpu/lanes.h"
#include "engine/cpu/operators.h"
#include "engine/cpu/pnet.h"
#include "engine/ref/ref.h"

static fd_layout cpu_layout(const fd_engine *e, const fd_op_desc *ops, int n)
{
    if (fd_lanes_suits(ops, n))
        return FD_LANES;
    for (int i = 0; i < n; i++)
        if (ops[i].kind == FD_OP_CONV && e->kind->op->accepts(e, &ops[i], FD_BLOCKED))
            return FD_BLOCKED;
    return FD_PLAIN;
}

static bool is_image(const fd_tensor *t)
{
    return (t->rank == 3 || t->rank == 4) && fd_tensor_count(t) > 0;
}

static bool same_shape(const fd_tensor *a, const fd_tensor *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; same && i < a->rank; i++)
        same = a->dim[i] == b->dim[i];
    return same;
}

/* One value for each sample and channel, for the image tensor t. */
static bool one_per_channel(const fd_tensor *v, const fd_tensor *t)
{
    return v->rank == t->rank && v->dim[0] == t->dim[0] && v->dim[1] == t->dim[1] && fd_tensor_count(v) == v->dim[0] * v->dim[1];
}

static bool accepts_binary(const fd_op_desc *d)
{
    if (d->binary == FD_POW)
        return false;
    if (d->constant[0] || d->constant[1])
        return fd_tensor_count(&d->constant_shape) == 1 && !d->constant[0] && same_shape(&d->input[0], &d->output);
    return same_shape(&d->input[0], &d->output) && (same_shape(&d->input[1], &d->output) || one_per_channel(&d->input[1], &d->output));
}

static bool accepts_concat(const fd_engine *e, const fd_op_desc *d)
{
    bool whole = d->axis == 1;
    for (int k = 0; whole && k < d->inputs; k++)
        whole = d->input[k].dim[1] % fd_cpu(e)->block == 0;
    return whole;
}

static bool accepts_blocked(const fd_engine *e, const fd_op_desc *d)
{
    for (int k = 0; k < d->inputs; k++)
        if (!is_image(&d->input[k]))
            return false;
    if (!is_image(&d->output))
        return false;
    switch (d->kind) {
    case FD_OP_CONV:
    case FD_OP_ACTIVATE:
    case FD_OP_SCALE:
        return true;
    case FD_OP_POOL:
        return fd_cpu_pool_is_regular(d);
    case FD_OP_BINARY:
        return accepts_binary(d);
    case FD_OP_CONCAT:
        return accepts_concat(e, d);
    default:
        return false;
    }
}

static bool cpu_accepts(const fd_engine *e, const fd_op_desc *d, fd_layout layout)
{
    switch (layout) {
    case FD_PLAIN:
        return true;
    case FD_BLOCKED:
        return accepts_blocked(e, d);
    case FD_LANES:
        return fd_lanes_accepts(d);
    }
    return false;
}

static bool cpu_takes_plain(const fd_engine *e, const fd_op_desc *d, fd_layout layout)
{
    (void)e;
    return layout == FD_BLOCKED && fd_cpu_conv_takes_plain(d);
}

static void cpu_measure(const fd_engine *e, fd_tensor *t)
{
    if (t->layout == FD_LANES)
        t->bytes = fd_lanes_bytes(t);
    else if (t->layout == FD_BLOCKED)
        t->bytes = (size_t)(t->dim[0] * fd_sample_floats(e, t)) * sizeof(float);
    else
        t->bytes = (size_t)fd_tensor_count(t) * sizeof(float);
}

static fd_error *prepare_blocked(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    switch (d->kind) {
    case FD_OP_CONV:
        return fd_cpu_prepare_conv(e, d, out);
    case FD_OP_POOL:
        return fd_cpu_prepare_pool(e, d, out);
    case FD_OP_ACTIVATE:
    case FD_OP_SCALE:
        return fd_cpu_prepare_activate(e, d, out);
    case FD_OP_BINARY:
        return fd_cpu_prepare_binary(e, d, out);
    case FD_OP_CONCAT:
        return fd_cpu_prepare_concat(e, d, out);
    default:
        return FD_FAIL(FD_UNSUPPORTED, "%s (%s) does not run on blocked arrays", d->name, fd_op_kind_name(d->kind));
    }
}

static fd_error *cpu_prepare(fd_engine *e, const fd_op_desc *d, fd_op **out)
{
    bool empty = fd_tensor_count(&d->output) == 0 || (d->inputs > 0 && fd_tensor_count(&d->input[0]) == 0);
    if (d->output.layout == FD_LANES || (d->inputs > 0 && d->input[0].layout == FD_LANES))
        return fd_lanes_prepare(d, fd_cpu(e)->lanes, out);
    if (d->kind == FD_OP_REORDER && d->input[0].layout != d->output.layout)
        return fd_cpu_prepare_reorder(e, d, out);
    if (d->output.layout == FD_BLOCKED)
        return prepare_blocked(e, d, out);
    if (d->kind == FD_OP_CONV && is_image(&d->input[0]) && !empty)
        return fd_cpu_prepare_plain_conv(e, d, out);
    if (d->kind == FD_OP_GEMM && !empty)
        return fd_cpu_prepare_gemm(e, d, out);
    if (d->kind == FD_OP_MATMUL && !empty && fd_cpu_matmul_is_gemm(d))
        return fd_cpu_prepare_matmul(e, d, out);
    return fd_ref_prepare(e, d, out);
}

const fd_op_table fd_cpu_op = {
    .layout = cpu_layout,
    .accepts = cpu_accepts,
    .takes_plain = cpu_takes_plain,
    .measure = cpu_measure,
    .prepare = cpu_prepare,
    .scratch = fd_host_op_scratch,
    .run = fd_host_op_run,
    .release = fd_host_op_release,
    .pnet_prepare = fd_cpu_pnet_prepare,
    .pnet_run = fd_cpu_pnet_run,
};
