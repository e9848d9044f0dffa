#include "kernels/pad.h"

#include "kernels/elements.cuh"

/* Which of `size` elements stands at place `at`; -1: the constant. */
static __device__ int64_t source_of(int64_t at, int64_t size, int32_t mode)
{
    if (at >= 0 && at < size)
        return at;
    if (mode == FD_PAD_CONSTANT || size == 0)
        return -1;
    if (mode == FD_PAD_EDGE)
        return at < 0 ? 0 : size - 1;
    const int64_t period = size > 1 ? 2 * (size - 1) : 1, folded = (at % period + period) % period;
    return folded < size ? folded : period - folded;
}

/* A thread makes one element. */
static __global__ void pad(fd_pad p, int64_t n, const float *x, float *y)
{
    const int64_t i = fd_thread();
    if (i >= n)
        return;
    int64_t left = i, from = 0, stride = 1;
    bool inside = true;
    for (int32_t axis = p.rank - 1; axis >= 0; axis--) {
        int64_t k;
        left = fd_split(left, p.dim[axis], &k);
        k = source_of(k - p.before[axis], p.size[axis], p.mode);
        inside = inside && k >= 0;
        from += k * stride;
        stride *= p.size[axis];
    }
    y[i] = inside ? x[from] : p.value;
}

int fd_pad_op(fd_pad p, const float *x, float *y, fd_stream stream)
{
    int64_t n = 1;
    for (int32_t i = 0; i < p.rank; i++)
        n *= p.dim[i];
    if (n == 0)
        return 0;
    return FD_LAUNCH(pad, fd_blocks(n, FD_THREADS), FD_THREADS, stream, p, n, x, y);
}
