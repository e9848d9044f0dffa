#include "kernels/reduce.h"

#include "kernels/elements.cuh"

/* The sum over the axes that go, nested: that of an axis is a sum of the sums of the axes behind it. */
static __device__ double nested_sum(const fd_reduction &r, const float *x)
{
    double sum[FD_VIEW_RANK + 1] = {0.0};
    int64_t place[FD_VIEW_RANK] = {0};
    for (;;) {
        int32_t axis = r.gone;
        sum[axis] = r.kind == FD_RED_L2 ? (double)*x * (double)*x : (double)*x;
        do {   /* an axis that is through hands its sum to the one in front of it */
            if (--axis < 0)
                return sum[0];
            sum[axis] += sum[axis + 1];
            sum[axis + 1] = 0.0;
            x += r.gone_stride[axis];
            if (++place[axis] < r.gone_dim[axis])
                break;
            x -= r.gone_dim[axis] * r.gone_stride[axis];
            place[axis] = 0;
        } while (true);
    }
}

/* A thread makes one result. */
static __global__ void reduce(fd_reduction r, int64_t n, double count, const float *x, float *y)
{
    const int64_t i = fd_thread();
    if (i >= n)
        return;
    int64_t left = i;
    for (int32_t axis = r.kept - 1; axis >= 0; axis--) {
        int64_t k;
        left = fd_split(left, r.kept_dim[axis], &k);
        x += k * r.kept_stride[axis];
    }
    const double sum = count > 0.0 ? nested_sum(r, x) : 0.0;
    y[i] = (float)(r.kind == FD_RED_L2 ? sqrt(sum) : r.kind == FD_RED_MEAN ? sum / count : sum);
}

int fd_reduce_op(fd_reduction r, const float *x, float *y, fd_stream stream)
{
    int64_t n = 1, count = 1;
    for (int32_t i = 0; i < r.kept; i++)
        n *= r.kept_dim[i];
    for (int32_t i = 0; i < r.gone; i++)
        count *= r.gone_dim[i];
    if (n == 0)
        return 0;
    return FD_LAUNCH(reduce, fd_blocks(n, FD_THREADS), FD_THREADS, stream, r, n, (double)count, x, y);
}
