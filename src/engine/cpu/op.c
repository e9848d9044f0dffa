#include "engine/op.h"

#include "engine/cpu/cpu.h"
#include "engine/cpu/pnet.h"
#include "engine/ref/ref.h"

static fd_layout cpu_layout(const fd_engine *e, const fd_op_desc *ops, int n)
{
    (void)e;
    (void)ops;
    (void)n;
    return FD_PLAIN;
}

static bool cpu_accepts(const fd_engine *e, const fd_op_desc *op, fd_layout layout)
{
    (void)e;
    (void)op;
    return layout == FD_PLAIN;
}

static void cpu_measure(const fd_engine *e, fd_tensor *t)
{
    (void)e;
    t->bytes = (size_t)fd_tensor_count(t) * sizeof(float);
}

const fd_op_table fd_cpu_op = {
    .layout = cpu_layout,
    .accepts = cpu_accepts,
    .measure = cpu_measure,
    .prepare = fd_ref_prepare,
    .scratch = fd_host_op_scratch,
    .run = fd_host_op_run,
    .release = fd_host_op_release,
    .pnet_prepare = fd_cpu_pnet_prepare,
    .pnet_run = fd_cpu_pnet_run,
};
