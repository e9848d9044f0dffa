/* Running one operator on any engine, in any layout that it accepts there. */
#ifndef TESTS_OP_CHECK_H
#define TESTS_OP_CHECK_H

#include "check.h"

#include <math.h>

#include "engine/op.h"

/* Builds a tensor: shape(4, 1, 3, 8, 8). */
static inline fd_tensor shape(int rank, ...)
{
    fd_tensor t = {.rank = rank, .layout = FD_PLAIN};
    va_list args;
    va_start(args, rank);
    for (int i = 0; i < rank; i++)
        t.dim[i] = va_arg(args, int);
    va_end(args);
    return t;
}

static inline void upload(fd_lane *lane, void *to, const void *from, size_t bytes)
{
    assert_ok(lane->engine->kind->upload(lane, to, from, bytes));
    assert_ok(lane->engine->kind->lane_sync(lane));
}

static inline void download(fd_lane *lane, void *to, const void *from, size_t bytes)
{
    assert_ok(lane->engine->kind->download(lane, to, from, bytes));
    assert_ok(lane->engine->kind->lane_sync(lane));
}

/* Every byte of the engine's memory 0xff: a NaN wherever nobody writes. */
static inline void poison(fd_lane *lane, void *p, size_t bytes)
{
    void *nan = malloc(bytes + 1);
    assert_non_null(nan);
    memset(nan, 0xff, bytes);
    upload(lane, p, nan, bytes);
    free(nan);
}

/* Memory of a tensor, poisoned. */
static inline float *poisoned(fd_lane *lane, fd_tensor *t)
{
    fd_engine *e = lane->engine;
    void *p;
    e->kind->op->measure(e, t);
    assert_ok(e->kind->alloc(e, t->bytes, &p));
    poison(lane, p, t->bytes);
    return p;
}

static inline void run_prepared(fd_lane *lane, const fd_op_desc *desc, const void *const *in, void *out)
{
    fd_engine *e = lane->engine;
    const fd_op_table *table = e->kind->op;
    fd_op *op;
    void *scratch;
    assert_ok(table->prepare(e, desc, &op));
    assert_ok(e->kind->lane_scratch(lane, table->scratch(op) + 64, &scratch));
    poison(lane, scratch, table->scratch(op) + 64);
    assert_ok(table->run(op, lane, in, out, scratch));
    assert_ok(e->kind->lane_sync(lane));
    table->release(op);
}

static inline void reorder(fd_lane *lane, const fd_tensor *from, const void *in, const fd_tensor *to, void *out)
{
    fd_op_desc desc = {.kind = FD_OP_REORDER, .name = "reorder", .inputs = 1, .input = {*from}, .output = *to};
    run_prepared(lane, &desc, &in, out);
}

/* Runs desc (its tensors PLAIN) with its arrays in `layout`; in and out are PLAIN. In FD_BLOCKED every float of the output must be written. */
static inline void run_op(fd_lane *lane, fd_layout layout, const fd_op_desc *desc, const float *const *in, float *out)
{
    fd_engine *e = lane->engine;
    const fd_op_table *table = e->kind->op;
    fd_op_desc laid = *desc;
    const void *inside[FD_MAX_INPUTS];
    void *memory[FD_MAX_INPUTS];
    float *source;
    for (int k = 0; k < desc->inputs; k++) {
        bool plain = layout == FD_PLAIN || (k == 0 && table->takes_plain(e, desc, layout));
        laid.input[k].layout = plain ? FD_PLAIN : layout;
        memory[k] = poisoned(lane, &laid.input[k]);
        fd_tensor from = desc->input[k];
        table->measure(e, &from);
        source = plain ? memory[k] : poisoned(lane, &from);
        upload(lane, source, in[k], from.bytes);
        if (!plain) {
            reorder(lane, &from, source, &laid.input[k], memory[k]);
            e->kind->release(e, source);
        }
        inside[k] = memory[k];
    }
    laid.output.layout = layout;
    float *result = poisoned(lane, &laid.output), *target = result;
    run_prepared(lane, &laid, inside, result);
    fd_tensor to = desc->output;
    table->measure(e, &to);
    if (layout != FD_PLAIN) {
        target = poisoned(lane, &to);
        reorder(lane, &laid.output, result, &to, target);
    }
    download(lane, out, target, to.bytes);
    if (target != result)
        e->kind->release(e, target);
    bool finite = true, whole = true;
    for (int64_t i = 0; i < fd_tensor_count(&to); i++)
        finite = finite && isfinite(out[i]);
    for (size_t i = 0; i < laid.output.bytes / sizeof *result && layout == FD_BLOCKED; i++)   /* the host's memory, too */
        whole = whole && !isnan(result[i]);
    if (finite && !whole)
        fail_msg("%s leaves padding channels unwritten", fd_op_kind_name(desc->kind));
    for (int k = 0; k < desc->inputs; k++)
        e->kind->release(e, memory[k]);
    e->kind->release(e, result);
}

/* An engine and a lane on it. */
static inline fd_lane *open_lane(const char *device, const char *isa)
{
    fd_engine *e;
    fd_lane *lane;
    assert_ok(fd_engine_open(device, &(fd_engine_config){.isa = isa}, &e));
    assert_ok(fd_lane_open(e, &lane));
    return lane;
}

static inline void close_lane(fd_lane *lane)
{
    fd_engine *e = lane->engine;
    fd_lane_close(lane);
    fd_engine_close(e);
}

#endif
