#include "kernels/lpnorm.h"

#include "kernels/elements.cuh"

/* A thread makes one row of n. */
static __global__ void lpnorm(const float *x, float *y, int32_t p, int64_t rows, int64_t n, int64_t inner)
{
    int64_t j;
    const int64_t row = fd_thread();
    if (row >= rows)
        return;
    const int64_t first = fd_split(row, inner, &j) * n * inner + j;
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const double v = (double)x[first + k * inner];
        sum += p == 1 ? fabs(v) : v * v;
    }
    const double norm = p == 1 ? sum : sqrt(sum);
    for (int64_t k = 0; k < n; k++)
        y[first + k * inner] = norm == 0.0 ? 0.0f : (float)((double)x[first + k * inner] / norm);
}

int fd_lpnorm(const float *x, float *y, int32_t p, int64_t outer, int64_t n, int64_t inner, fd_stream stream)
{
    const int64_t rows = outer * inner;
    if (rows == 0 || n == 0)
        return 0;
    return FD_LAUNCH(lpnorm, fd_blocks(rows, FD_THREADS), FD_THREADS, stream, x, y, p, rows, n, inner);
}
