/* What follows a sum, element by element. */
#ifndef FD_KERNELS_CURVE_CUH
#define FD_KERNELS_CURVE_CUH

#include "kernels/epilogue.h"
#include "kernels/launch.cuh"

static __device__ __forceinline__ float fd_curve_at(const fd_curve &curve, float x, int64_t channel)
{
    switch (curve.kind) {
    case FD_CURVE_RELU:
        return x < 0.0f ? 0.0f : x;
    case FD_CURVE_CLIP:
        return x < curve.low ? curve.low : x > curve.high ? curve.high : x;
    case FD_CURVE_LEAKY:
        return x < 0.0f ? x * curve.slope : x;
    case FD_CURVE_PRELU:
        return x < 0.0f ? x * curve.slopes[channel] : x;
    case FD_CURVE_SIGMOID:
        return (float)(1.0 / (1.0 + exp(-(double)x)));
    case FD_CURVE_TANH:
        return (float)tanh((double)x);
    case FD_CURVE_SQRT:
        return sqrtf(x);
    default:
        return x;
    }
}

/* Element i, of this channel. */
static __device__ __forceinline__ float fd_finish_at(const fd_finish &f, float x, int64_t channel, int64_t i)
{
    if (f.scale)
        x = x * f.scale[channel];
    if (f.bias)
        x = x + f.bias[channel];
    if (f.residual)
        x = x + f.residual[i];
    return fd_curve_at(f.curve, x, channel);
}

#endif
