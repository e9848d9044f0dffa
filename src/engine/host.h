/* What engines in host memory share: lanes, allocation, copies, and how a prepared operator begins. */
#ifndef FD_ENGINE_HOST_H
#define FD_ENGINE_HOST_H

#include "engine/op.h"

/* Threads of a block: nothing limits them, a block is a loop. */
#define FD_HOST_BLOCK ((int64_t)1 << 40)

/* A lane: scratch memory that grows. Zeroed by fd_host_lane_open; an engine's own lane may begin with it. */
typedef struct fd_host_lane {
    fd_lane base;
    void *scratch;        /* FD_ALIGN-aligned */
    size_t capacity;      /* bytes */
} fd_host_lane;

fd_error *fd_host_lane_open(fd_engine *e, fd_lane **out) FD_CHECK;
void fd_host_lane_close(fd_lane *lane);
fd_error *fd_host_lane_scratch(fd_lane *lane, size_t bytes, void **out) FD_CHECK;
fd_error *fd_host_lane_sync(fd_lane *lane) FD_CHECK;
fd_error *fd_host_alloc(fd_engine *e, size_t bytes, void **out) FD_CHECK;
void fd_host_release(fd_engine *e, void *p);
fd_error *fd_host_slab(fd_engine *e, size_t bytes, void **out) FD_CHECK;   /* not zeroed: it costs nothing until it is used */
fd_error *fd_host_copy(fd_lane *lane, void *to, const void *from, size_t bytes) FD_CHECK;

/* Every prepared operator of ref and cpu begins with these members, so that one table may hold operators from several files. */
struct fd_op {
    fd_error *(*run)(const fd_op *op, fd_lane *lane, const void *const *inputs, void *output, void *scratch);
    void (*release)(fd_op *op);
    size_t scratch;       /* bytes that run needs */
};

/* Entries of fd_op_table that hand the call to the operator's own. */
size_t fd_host_op_scratch(const fd_op *op);
fd_error *fd_host_op_run(const fd_op *op, fd_lane *lane, const void *const *inputs, void *output, void *scratch) FD_CHECK;
void fd_host_op_release(fd_op *op);

#endif
