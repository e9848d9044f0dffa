/* One operator of an engine with its arrays, for suites that measure it alone. */
#ifndef FD_RUN_BENCH_SINGLE_H
#define FD_RUN_BENCH_SINGLE_H

#include "engine/op.h"
#include "run/bench/session.h"

/* Zero-initialise; fd_single_close. in and out are the engine's memory. */
typedef struct fd_single {
    fd_engine *engine;
    fd_op *op;
    void *in, *out;
    size_t in_bytes, out_bytes;
} fd_single;

/* Prepares desc, which has one input (layouts PLAIN), and takes its arrays: `shared` as input where that is not NULL (it stays the caller's).
 */
fd_error *fd_single_open(fd_single *s, fd_engine *e, fd_op_desc *desc, void *shared) FD_CHECK;
fd_error *fd_single_run(const fd_single *s, fd_lane *lane) FD_CHECK;
void fd_single_close(fd_single *s, const void *shared);

/* A tensor of two dimensions. */
fd_tensor fd_matrix_shape(int64_t rows, int64_t columns);

/* Sends n host bytes to an array of the engine, or fetches them; waits. */
fd_error *fd_single_put(fd_engine *e, void *to, const void *host, size_t n) FD_CHECK;
fd_error *fd_single_get(fd_engine *e, void *host, const void *from, size_t n) FD_CHECK;

#endif
