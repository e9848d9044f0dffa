/* The operators of the cpu engine that oneDNN runs, kind by kind: whether one takes FD_BLOCKED, and how it is prepared. */
#ifndef FD_ENGINE_CPU_OPERATORS_H
#define FD_ENGINE_CPU_OPERATORS_H

#include "engine/cpu/primitive.h"

/* The usual first convolutions read an image of 1 to 3 channels best as it is, PLAIN. */
bool fd_cpu_conv_takes_plain(const fd_op_desc *desc);

/* On FD_BLOCKED arrays; the tensors of desc have their layout. */
fd_error *fd_cpu_prepare_conv(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;
fd_error *fd_cpu_prepare_pool(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;
fd_error *fd_cpu_prepare_activate(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;   /* and scale */
fd_error *fd_cpu_prepare_binary(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;
fd_error *fd_cpu_prepare_concat(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;
fd_error *fd_cpu_prepare_reorder(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;    /* PLAIN <-> BLOCKED */

/* On PLAIN arrays. */
fd_error *fd_cpu_prepare_plain_conv(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;
fd_error *fd_cpu_prepare_gemm(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;
bool fd_cpu_matmul_is_gemm(const fd_op_desc *desc);   /* by a constant matrix on the right */
fd_error *fd_cpu_prepare_matmul(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;

/* Whether a pool's windows are what oneDNN divides by; a mean that counts padding but hangs over beyond it is not. */
bool fd_cpu_pool_is_regular(const fd_op_desc *desc);

/* Adds an activation other than NONE and PRELU to what oneDNN does to a result. */
dnnl_status_t fd_append_activation(dnnl_post_ops_t post, const fd_op_desc *desc);

/* An activation other than NONE and PRELU as a pass of its own, over samples of the output's shape. */
typedef struct fd_bend {
    bool wanted;                 /* false: closed */
    fd_primitive primitive;
    dnnl_memory_desc_t desc;     /* of one sample */
    fd_tensor shape;             /* of all samples of a run */
    int64_t step;
    bool rezero;                 /* padding channels */
} fd_bend;

fd_error *fd_bend_open(const fd_engine *e, const fd_op_desc *desc, int64_t samples, fd_bend *out) FD_CHECK;
fd_error *fd_bend_run(const fd_bend *b, fd_lane *lane, const float *x, float *y, void *scratch) FD_CHECK;   /* y may be x */
void fd_bend_close(fd_bend *b);

#endif
