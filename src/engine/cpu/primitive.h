/* oneDNN primitives with their troubles taken away: scratch memory is ours (a primitive may run on any thread), one thread, one sample at a
 * time where asked, so that no sample's bytes depend on the batch. */
#ifndef FD_ENGINE_CPU_PRIMITIVE_H
#define FD_ENGINE_CPU_PRIMITIVE_H

#include <dnnl.h>

#include "engine/cpu/cpu.h"

typedef struct fd_primitive {
    dnnl_primitive_t handle;
    dnnl_memory_desc_t weights, space;   /* as the implementation wants them; `space` is its scratch memory */
    size_t scratch;                      /* bytes of `space` */
    bool fast;                           /* generated code, not oneDNN's plain loops */
} fd_primitive;

/* An operation, as a oneDNN descriptor, with what follows it on each result (NULL: nothing). FD_UNSUPPORTED when oneDNN has no
 * implementation. fd_primitive_close(out). */
fd_error *fd_primitive_open(const fd_engine *e, const_dnnl_op_desc_t desc, const_dnnl_post_ops_t post, fd_primitive *out) FD_CHECK;
void fd_primitive_close(fd_primitive *p);   /* a zeroed one is allowed */

/* An argument of a run. `step` floats lie between one sample and the next; 0: the same for all. */
typedef struct fd_argument {
    int which;                           /* DNNL_ARG_... */
    const dnnl_memory_desc_t *desc;
    const void *data;
    int64_t step;
} fd_argument;

enum { FD_MAX_ARGUMENTS = FD_MAX_INPUTS + 4 };

/* A run that is going on: begin, then any samples in any order, then end (also after an error). scratch: p->scratch bytes, FD_ALIGN-aligned. */
typedef struct fd_call {
    const fd_primitive *primitive;
    const fd_argument *arguments;        /* the caller's, alive until the end */
    dnnl_stream_t stream;
    dnnl_exec_arg_t list[FD_MAX_ARGUMENTS + 1];
    int n;                               /* of list; the scratch memory comes last */
} fd_call;
fd_error *fd_call_begin(fd_call *call, const fd_primitive *p, fd_lane *lane, const fd_argument *arguments, int n, void *scratch) FD_CHECK;
fd_error *fd_call_sample(fd_call *call, int64_t sample) FD_CHECK;
void fd_call_end(fd_call *call);

/* All of it: once for each sample. */
fd_error *fd_primitive_run(const fd_primitive *p, fd_lane *lane, const fd_argument *arguments, int n, int64_t samples, void *scratch) FD_CHECK;

/* Copies `from` into *to (allocated, free it), from one memory form to another: weights, while preparing. */
fd_error *fd_primitive_reordered(fd_engine *e, const dnnl_memory_desc_t *from_desc, const void *from, const dnnl_memory_desc_t *to_desc,
                                 float **to) FD_CHECK;

/* A reorder between two forms of one tensor. */
fd_error *fd_primitive_open_reorder(const fd_engine *e, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, fd_primitive *out) FD_CHECK;

/* One sample of an image tensor [n][c][h][w] in its layout, c rounded up to whole blocks where blocked: padding channels are channels to
 * oneDNN; they hold zeros. */
dnnl_memory_desc_t fd_sample_desc(const fd_engine *e, const fd_tensor *t);
/* The same with the true number of channels: oneDNN then zeroes the padding itself. */
dnnl_memory_desc_t fd_true_sample_desc(const fd_engine *e, const fd_tensor *t);
/* A row-major array. */
dnnl_memory_desc_t fd_plain_desc(int rank, const int64_t *dim);

/* Channels with padding; floats of one sample. */
int64_t fd_padded_channels(const fd_engine *e, const fd_tensor *t);
int64_t fd_sample_floats(const fd_engine *e, const fd_tensor *t);

#endif
