#include "kernels/gather.h"

#include "kernels/elements.cuh"

/* A thread copies one element. */
static __global__ void gather(fd_gathering s, int64_t n, const float *x, const int64_t *index, float *y)
{
    const int64_t i = fd_thread();
    if (i >= n)
        return;
    int64_t j, k;
    const int64_t outer = fd_split(fd_split(i, s.inner, &j), s.count, &k);
    y[i] = x[(outer * s.size + index[k]) * s.inner + j];
}

int fd_gather(fd_gathering s, const float *x, const int64_t *index, float *y, fd_stream stream)
{
    const int64_t n = s.outer * s.count * s.inner;
    if (n == 0)
        return 0;
    return FD_LAUNCH(gather, fd_blocks(n, FD_THREADS), FD_THREADS, stream, s, n, x, index, y);
}
