#include "kernels/softmax.h"

#include "kernels/elements.cuh"
#include "kernels/math/softmax.h"

/* A thread makes one row of two classes. */
static __global__ void two_classes(const float *x, float *y, int64_t rows, int64_t inner)
{
    int64_t j;
    const int64_t row = fd_thread();
    if (row >= rows)
        return;
    const int64_t at = fd_split(row, inner, &j) * 2 * inner + j;
    const float a = x[at], b = x[at + inner];
    y[at] = fd_softmax2(b, a);
    y[at + inner] = fd_softmax2(a, b);
}

/* A thread makes one row of n. */
static __global__ void any_classes(const float *x, float *y, int64_t rows, int64_t n, int64_t inner)
{
    int64_t j;
    const int64_t row = fd_thread();
    if (row >= rows)
        return;
    const int64_t first = fd_split(row, inner, &j) * n * inner + j;
    float largest = -INFINITY;
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const float v = x[first + k * inner];
        largest = v > largest ? v : largest;
    }
    for (int64_t k = 0; k < n; k++)
        sum += exp((double)x[first + k * inner] - (double)largest);
    for (int64_t k = 0; k < n; k++)
        y[first + k * inner] = (float)(exp((double)x[first + k * inner] - (double)largest) / sum);
}

int fd_softmax(const float *x, float *y, int64_t outer, int64_t n, int64_t inner, fd_stream stream)
{
    const int64_t rows = outer * inner;
    if (rows == 0 || n == 0)
        return 0;
    if (n == 2)
        return FD_LAUNCH(two_classes, fd_blocks(rows, FD_THREADS), FD_THREADS, stream, x, y, rows, inner);
    return FD_LAUNCH(any_classes, fd_blocks(rows, FD_THREADS), FD_THREADS, stream, x, y, rows, n, inner);
}
