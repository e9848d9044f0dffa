#include "kernels/binary.h"

#include "kernels/elements.cuh"

static __device__ float combine(int32_t kind, float a, float b)
{
    switch (kind) {
    case FD_BIN_ADD:
        return a + b;
    case FD_BIN_SUB:
        return a - b;
    case FD_BIN_MUL:
        return a * b;
    case FD_BIN_DIV:
        return a / b;
    default:
        return (float)pow((double)a, (double)b);
    }
}

/* A thread makes one element. */
static __global__ void binary(int32_t kind, fd_broadcast s, int64_t n, const float *a, const float *b, float *y)
{
    const int64_t i = fd_thread();
    if (i >= n)
        return;
    int64_t left = i, at_a = 0, at_b = 0;
    for (int32_t axis = s.rank - 1; axis >= 0; axis--) {
        int64_t k;
        left = fd_split(left, s.dim[axis], &k);
        at_a += k * s.a[axis];
        at_b += k * s.b[axis];
    }
    y[i] = combine(kind, a[at_a], b[at_b]);
}

int fd_binary_op(int32_t kind, fd_broadcast shape, const float *a, const float *b, float *y, fd_stream stream)
{
    int64_t n = 1;
    for (int32_t i = 0; i < shape.rank; i++)
        n *= shape.dim[i];
    if (n == 0)
        return 0;
    shape.rank = fd_merge_axes(shape.rank, shape.dim, shape.a, shape.b);
    return FD_LAUNCH(binary, fd_blocks(n, FD_THREADS), FD_THREADS, stream, kind, shape, n, a, b, y);
}
