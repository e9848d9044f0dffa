/* Rewriting weights when one operator takes in its neighbour. */
#ifndef FD_NET_FUSE_H
#define FD_NET_FUSE_H

#include "net/graph.h"

/* y = scale * (conv or gemm) + shift. */
fd_error *fd_absorb_scale_after(fd_graph *g, fd_op_desc *op, const fd_op_desc *scale) FD_CHECK;
/* y = conv(scale * x + shift), without padding. */
fd_error *fd_absorb_scale_before_conv(fd_graph *g, fd_op_desc *op, const fd_op_desc *scale) FD_CHECK;
/* y = gemm(scale * x + shift), x of the scale's shape flattened per sample. */
fd_error *fd_absorb_scale_before_gemm(fd_graph *g, fd_op_desc *op, const fd_op_desc *scale) FD_CHECK;
/* y = gemm(transposed x), x flattened per sample after the transpose: the columns of the weight change places instead. */
fd_error *fd_absorb_transpose(fd_graph *g, fd_op_desc *op, const fd_op_desc *transpose) FD_CHECK;
/* One SCALE for two: y = second(first(x)). */
fd_error *fd_absorb_scale_in_scale(fd_graph *g, fd_op_desc *second, const fd_op_desc *first) FD_CHECK;

#endif
