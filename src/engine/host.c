#include "engine/host.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

fd_error *fd_host_lane_open(fd_engine *e, fd_lane **out)
{
    fd_host_lane *lane;
    fd_error *err = fd_alloc(&lane, 1, sizeof *lane);
    if (err)
        return err;
    lane->base.engine = e;
    *out = &lane->base;
    return NULL;
}

void fd_host_lane_close(fd_lane *lane)
{
    free(((fd_host_lane *)lane)->scratch);
    free(lane);
}

fd_error *fd_host_lane_scratch(fd_lane *lane, size_t bytes, void **out)
{
    fd_host_lane *own = (fd_host_lane *)lane;
    fd_error *err = NULL;
    if (bytes > own->capacity || !own->scratch) {
        free(own->scratch);
        own->scratch = NULL;
        own->capacity = 0;
        FD_TRY(fd_alloc_aligned(&own->scratch, 1, bytes));
        own->capacity = bytes;
    }
    *out = own->scratch;
done:
    return err;
}

fd_error *fd_host_lane_sync(fd_lane *lane)
{
    (void)lane;   /* every call is complete when it returns */
    return NULL;
}

fd_error *fd_host_alloc(fd_engine *e, size_t bytes, void **out)
{
    (void)e;
    fd_error *err = fd_alloc_aligned(out, 1, bytes);
    if (!err)
        memset(*out, 0, bytes);
    return err;
}

fd_error *fd_host_slab(fd_engine *e, size_t bytes, void **out)
{
    (void)e;
    return fd_alloc_aligned(out, 1, bytes);
}

void fd_host_release(fd_engine *e, void *p)
{
    (void)e;
    free(p);
}

fd_error *fd_host_copy(fd_lane *lane, void *to, const void *from, size_t bytes)
{
    (void)lane;
    if (bytes)
        memcpy(to, from, bytes);
    return NULL;
}

size_t fd_host_op_scratch(const fd_op *op)
{
    return op->scratch;
}

fd_error *fd_host_op_run(const fd_op *op, fd_lane *lane, const void *const *inputs, void *output, void *scratch)
{
    return op->run(op, lane, inputs, output, scratch);
}

void fd_host_op_release(fd_op *op)
{
    if (op)
        op->release(op);
}
