/* What follows a layer, in one pass: scale, bias, residual, activation. Also by itself: an activation, a batch norm. */
#ifndef FD_KERNELS_EPILOGUE_H
#define FD_KERNELS_EPILOGUE_H

#include "kernels/kernel.h"

FD_C_BEGIN

typedef enum fd_curve_kind {
    FD_CURVE_NONE,
    FD_CURVE_RELU,
    FD_CURVE_CLIP,  /* to low .. high */
    FD_CURVE_LEAKY, /* x < 0: x * slope */
    FD_CURVE_PRELU, /* x < 0: x * slopes[channel] */
    FD_CURVE_SIGMOID,
    FD_CURVE_TANH,
    FD_CURVE_SQRT
} fd_curve_kind;

typedef struct fd_curve {
    int32_t kind;
    float low, high, slope;
    const float *slopes; /* [channels], PRELU only */
} fd_curve;

typedef struct fd_finish {
    const float *scale, *bias; /* [channels], each may be null */
    const float *residual;     /* as large as x, may be null */
    fd_curve curve;
    int64_t channels, inner; /* element i belongs to channel i / inner % channels; both >= 1 */
} fd_finish;

/* y[i] = curve(x[i] * scale + bias + residual[i]), every operation rounded to float32 by itself, in this order. Sigmoid and tangent are computed
 * in double and rounded once. y may be x. n >= 0. */
int fd_epilogue(const float *x, float *y, int64_t n, fd_finish finish, fd_stream stream);

FD_C_END

#endif
