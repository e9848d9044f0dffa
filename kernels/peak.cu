#include "kernels/peak.h"

#include "kernels/launch.cuh"

static __global__ void peak(int64_t rounds, float factor, float *out)
{
    float x[FD_PEAK_CHAINS], sum = 0.0f;
    FD_UNROLL
    for (int c = 0; c < FD_PEAK_CHAINS; c++)
        x[c] = (float)c;
    for (int64_t i = 0; i < rounds; i++)
        FD_UNROLL
    for (int c = 0; c < FD_PEAK_CHAINS; c++)
        x[c] = __fmaf_rn(x[c], factor, 1.0f);
    FD_UNROLL
    for (int c = 0; c < FD_PEAK_CHAINS; c++)
        sum += x[c];
    out[(int64_t)blockIdx.x * FD_PEAK_THREADS + threadIdx.x] = sum;
}

int fd_peak(int64_t rounds, uint32_t blocks, float *out, fd_stream stream)
{
    return FD_LAUNCH(peak, blocks, FD_PEAK_THREADS, stream, rounds, 0.5f, out); /* the compiler does not know the factor */
}
