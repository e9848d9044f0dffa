#include "kernels/l2norm.h"

#include "kernels/row_sum.cuh"

static __global__ void l2norm(float *rows, int64_t n, int64_t dim)
{
    const int64_t first = (int64_t)blockIdx.x * FD_WARP;
    const int count = (int)(n - first < FD_WARP ? n - first : FD_WARP);
    const double norm = sqrt(fd_row_sum(rows, first, count, dim));
    for (int r = 0; r < count; r++) {
        const double length = __shfl_sync(FD_ALL_LANES, norm, r);
        for (int64_t k = threadIdx.x; fd_l2_usable(length) && k < dim; k += FD_WARP)
            rows[(first + r) * dim + k] = fd_l2_divide(rows[(first + r) * dim + k], length);
    }
}

int fd_l2norm(float *rows, int64_t n, int64_t dim, fd_stream stream)
{
    if (n == 0 || dim == 0)
        return 0;
    return FD_LAUNCH(l2norm, fd_blocks(n, FD_WARP), FD_WARP, stream, rows, n, dim);
}
