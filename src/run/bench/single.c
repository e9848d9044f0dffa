#include "run/bench/single.h"

fd_tensor fd_matrix_shape(int64_t rows, int64_t columns)
{
    return (fd_tensor){.rank = 2, .dim = {rows, columns}, .layout = FD_PLAIN};
}

fd_error *fd_single_open(fd_single *s, fd_engine *e, fd_op_desc *desc, void *shared)
{
    fd_error *err = NULL;
    s->engine = e;
    e->kind->op->measure(e, &desc->input[0]);
    e->kind->op->measure(e, &desc->output);
    s->in_bytes = desc->input[0].bytes;
    s->out_bytes = desc->output.bytes;
    FD_TRY(e->kind->op->prepare(e, desc, &s->op));
    if (shared)
        s->in = shared;
    else
        FD_TRY(e->kind->alloc(e, s->in_bytes, &s->in));
    FD_TRY(e->kind->alloc(e, s->out_bytes, &s->out));
done:
    return err;
}

fd_error *fd_single_run(const fd_single *s, fd_lane *lane)
{
    fd_error *err = NULL;
    const fd_op_table *table = s->engine->kind->op;
    void *scratch = NULL;
    const size_t bytes = table->scratch(s->op);
    if (bytes)
        FD_TRY(s->engine->kind->lane_scratch(lane, bytes, &scratch));
    FD_TRY(table->run(s->op, lane, (const void *const[]){s->in}, s->out, scratch));
done:
    return err;
}

void fd_single_close(fd_single *s, const void *shared)
{
    if (s->out)
        s->engine->kind->release(s->engine, s->out);
    if (s->in && s->in != shared)
        s->engine->kind->release(s->engine, s->in);
    if (s->op)
        s->engine->kind->op->release(s->op);
    *s = (fd_single){0};
}

fd_error *fd_single_put(fd_engine *e, void *to, const void *host, size_t n)
{
    fd_error *err = NULL;
    fd_lane *lane = NULL;
    FD_TRY(fd_lane_open(e, &lane));
    FD_TRY(e->kind->upload(lane, to, host, n));
    FD_TRY(e->kind->lane_sync(lane));
done:
    fd_lane_close(lane);
    return err;
}

fd_error *fd_single_get(fd_engine *e, void *host, const void *from, size_t n)
{
    fd_error *err = NULL;
    fd_lane *lane = NULL;
    FD_TRY(fd_lane_open(e, &lane));
    FD_TRY(e->kind->download(lane, host, from, n));
    FD_TRY(e->kind->lane_sync(lane));
done:
    fd_lane_close(lane);
    return err;
}
