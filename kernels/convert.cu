#include "kernels/convert.h"

#include "kernels/elements.cuh"
#include "kernels/math/half.h"

static __global__ void to_half(const float *x, uint16_t *y, int64_t n, int32_t bfloat)
{
    const int64_t i = fd_thread();
    if (i < n)
        y[i] = bfloat ? fd_bfloat_of(x[i]) : fd_half_of(x[i]);
}

int fd_to_half(const float *x, uint16_t *y, int64_t n, int32_t bfloat, fd_stream stream)
{
    if (n == 0)
        return 0;
    return FD_LAUNCH(to_half, fd_blocks(n, FD_THREADS), FD_THREADS, stream, x, y, n, bfloat);
}
