/* What follows a convolution where oneDNN does not fuse it, and the elementwise operators on FD_BLOCKED arrays: one pass over the data that
 * scales, shifts, adds a residual, bends and clamps. It is bound by memory, so one form serves all. */
#ifndef FD_ENGINE_CPU_FINISH_H
#define FD_ENGINE_CPU_FINISH_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/op.h"

/* t = x * scale + shift + residual; y = clamp(t < 0 ? t * slope : t, low, high). Vectors have one float per padded channel. */
typedef struct fd_finish {
    float *scale, *shift;        /* both or neither */
    float *slope;                /* NULL: 1 */
    float low, high;             /* -inf, inf: no clamp */
    int64_t channels, pixels;    /* of one sample; channels is a multiple of the block */
} fd_finish;

/* Whether an activation is one of the above; sigmoid, tanh and sqrt are not. */
bool fd_finish_takes(fd_activation activation);

/* Whether act(0) = 0, so that padding channels stay zero. */
bool fd_keeps_zero(const fd_op_desc *d);

/* From the activation (and for FD_OP_SCALE the scale and shift) of an operator with this output. fd_finish_close(out). */
fd_error *fd_finish_open(const fd_engine *e, const fd_op_desc *d, fd_finish *out) FD_CHECK;
void fd_finish_close(fd_finish *f);   /* a zeroed one is allowed */

/* One sample: x, residual (may be NULL) and y are [channels / block][pixels][block]; y may be x. */
void fd_finish_run(const fd_engine *e, const fd_finish *f, const float *x, const float *residual, float *y);

/* Zeroes the channels behind the last true one in an image tensor of n samples. */
void fd_zero_padding(const fd_engine *e, const fd_tensor *t, float *data);

/* y = a (op) b over one sample; b is like a, or (full false) one float per channel. Not POW. */
void fd_combine_run(const fd_engine *e, fd_binary op, bool full, const fd_finish *shape, const float *a, const float *b, float *y);

typedef void fd_combine_kernel(fd_binary op, bool full, const fd_finish *shape, const float *a, const float *b, float *y);
fd_combine_kernel fd_combine_base, fd_combine_avx2, fd_combine_avx512;
typedef void fd_finish_kernel(const fd_finish *f, const float *x, const float *residual, float *y);
fd_finish_kernel fd_finish_base, fd_finish_avx2, fd_finish_avx512;

#endif
