/* Sums of squares of rows, in the order of the columns. */
#ifndef FD_KERNELS_ROW_SUM_CUH
#define FD_KERNELS_ROW_SUM_CUH

#include "kernels/launch.cuh"
#include "kernels/math/l2.h"

/* A block of one warp takes 32 rows from `first` on. They are read 32 columns at a time, a row after the other, so that reads are contiguous; then
 * lane r adds its part of row r in the order of the columns, which is the order of every engine. Gives lane r the sum of row first + r. */
static __device__ double fd_row_sum(const float *rows, int64_t first, int count, int64_t dim)
{
    __shared__ float part[FD_WARP][FD_WARP + 1];
    const int lane = (int)threadIdx.x;
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
    return sum;
}

#endif
