#include "kernels/l2norm.h"

#include "kernels/launch.cuh"
#include "kernels/math/l2.h"

/* A warp takes 32 rows. They are read 32 columns at a time, a row after the other, so that reads are contiguous; then lane r adds its part of
 * row r in the order of the columns, which is the order of every engine. */
static __global__ void l2norm(float *rows, int64_t n, int64_t dim)
{
    __shared__ float part[FD_WARP][FD_WARP + 1];
    const int lane = (int)threadIdx.x;
    const int64_t first = (int64_t)blockIdx.x * FD_WARP;
    const int count = (int)(n - first < FD_WARP ? n - first : FD_WARP);
    double sum = 0.0;
    for (int64_t column = 0; column < dim; column += FD_WARP) {
        const int width = (int)(dim - column < FD_WARP ? dim - column : FD_WARP);
        for (int r = 0; r < count; r++)
            if (lane < width)
                part[r][lane] = rows[(first + r) * dim + column + lane];
        __syncwarp();
        for (int k = 0; lane < count && k < width; k++)
            sum = fd_l2_add(sum, part[lane][k]);
        __syncwarp();
    }
    const double norm = sqrt(sum);
    for (int r = 0; r < count; r++) {
        const double length = __shfl_sync(0xffffffffu, norm, r);
        for (int64_t k = lane; fd_l2_usable(length) && k < dim; k += FD_WARP)
            rows[(first + r) * dim + k] = fd_l2_divide(rows[(first + r) * dim + k], length);
    }
}

int fd_l2norm(float *rows, int64_t n, int64_t dim, fd_stream stream)
{
    if (n == 0 || dim == 0)
        return 0;
    return FD_LAUNCH(l2norm, fd_blocks(n, FD_WARP), FD_WARP, stream, rows, n, dim);
}
