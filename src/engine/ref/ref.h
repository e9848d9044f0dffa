/* The reference engine: naive C on one thread, always built. It is the truth that the other engines are tested against, so it is written to be
 * read: PLAIN layout only, loops as in the definition, sums in double, one rounding at the end. */
#ifndef FD_ENGINE_REF_REF_H
#define FD_ENGINE_REF_REF_H

#include "engine/distance.h"
#include "engine/host.h"
#include "engine/image.h"
#include "engine/raster.h"

extern const fd_engine_kind fd_ref_kind;
extern const fd_op_table fd_ref_op;
extern const fd_image_table fd_ref_image;
extern const fd_distance_table fd_ref_distance;
extern const fd_raster_table fd_ref_raster;

/* An operator on PLAIN arrays: in[i] has the shape desc->input[i], out desc->output. They do not fail. */
typedef void fd_ref_operator(const fd_op_desc *desc, const float *const *in, float *out);
fd_ref_operator fd_ref_conv, fd_ref_gemm, fd_ref_matmul, fd_ref_pool, fd_ref_activate, fd_ref_scale, fd_ref_binary, fd_ref_concat, fd_ref_transpose,
    fd_ref_slice, fd_ref_pad, fd_ref_gather, fd_ref_copy, fd_ref_expand, fd_ref_reduce, fd_ref_softmax, fd_ref_lpnorm;

/* y = act(x) for an element of channel c, by desc->activation and its parameters. */
float fd_ref_activation(const fd_op_desc *desc, float x, int64_t c);

/* Prepares an operator that runs as above on a copy of the description. The cpu engine uses it for what is not worth a faster form. */
fd_error *fd_ref_prepare(fd_engine *e, const fd_op_desc *desc, fd_op **out) FD_CHECK;

/* Distance of two valid rows, every difference in double. The cpu engine recomputes close pairs by it. */
float fd_ref_pair(fd_metric metric, const float *x, const float *y, int64_t dim);

/* Entries of fd_distance_table. */
size_t fd_ref_block_bytes(const fd_engine *e, const fd_block_desc *d);
fd_error *fd_ref_block_open(fd_lane *lane, const fd_block_desc *d, fd_block **out) FD_CHECK;
void fd_ref_block_close(fd_block *block);
size_t fd_ref_sweep_bytes(const fd_engine *e, const fd_block_desc *d, int64_t k);
fd_error *fd_ref_sweep(fd_lane *lane, const fd_sweep *s) FD_CHECK;

/* What stands for a row in the value of a pair: cosine 1 / |x|, else 1; NaN where the row is not usable. factor: fd_pair_factor of the row, NaN or 0
 * where it is not finite. */
double fd_ref_factor(fd_metric metric, double factor);

/* n, c, h, w of an image tensor; rank 3 is [n][c][w] with h = 1, lower ranks have h = w = 1. */
typedef struct fd_image_shape { int64_t n, c, h, w; } fd_image_shape;
fd_image_shape fd_image_shape_of(const fd_tensor *t);

/* strides[i] = elements between neighbours along axis i of a PLAIN array; 0 along axes of size 1, so that they broadcast. */
void fd_plain_strides(const fd_tensor *t, int64_t strides[FD_MAX_RANK]);

#endif
