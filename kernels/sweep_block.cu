#include "kernels/sweep_block.h"

#include "kernels/sweep_block.cuh"

enum { THREADS = 256, HALVES = THREADS / 16 };   /* half a warp takes a row */

static __global__ void prepare(int32_t metric, fd_block_parts block, const float *row, const uint8_t *valid)
{
    const int64_t mine = (int64_t)blockIdx.x * HALVES + threadIdx.x / 16, i = mine < block.n ? mine : block.n - 1;   /* a warp folds as a whole */
    const double square = fd_half_warp_dot(row + i * block.dim, row + i * block.dim, block.dim);
    if (mine >= block.n)
        return;
    if (threadIdx.x % 16 == 0) {
        const double factor = 1.0 / sqrt(square);
        const bool finite = factor > 0.0, has_direction = factor <= 1.7976931348623157e308, wanted = !valid || valid[i];
        const bool usable = wanted && finite && (has_direction || metric != FD_PAIR_COSINE);
        const float norm = square > 0.0 && square < 1e-30 ? 1e-30f : (float)square, e = fd_product_error(block.dim);
        float gain = 2.0f, shift = norm * (1.0f - e);
        if (metric == FD_PAIR_COSINE) {
            gain = (float)factor;
            shift = 0.0f;
        } else if (metric == FD_PAIR_INNER) {
            gain = 1.0f;
            shift = -0.5f * e * norm;
        }
        if (!usable || !fd_norm_in_range(norm)) {
            gain = 0.0f;
            shift = usable ? -INFINITY : INFINITY;
        }
        block.gain[i] = gain;
        block.shift[i] = shift;
        block.factor[i] = !usable ? NAN : metric == FD_PAIR_COSINE ? factor : 1.0;
        block.norm[i] = norm;
    }
    for (int64_t k = threadIdx.x % 16; k < block.pitch; k += 16)
        block.row[i * block.pitch + k] = k < block.dim ? row[i * block.dim + k] : 0.0f;
}

int64_t fd_sweep_block_bytes(int64_t n, int64_t dim)
{
    return fd_aligned(n * (int64_t)sizeof(double)) + 3 * fd_aligned(n * (int64_t)sizeof(float)) + n * ((dim + FD_SLAB - 1) / FD_SLAB * FD_SLAB) * (int64_t)sizeof(float);
}

int fd_sweep_prepare(fd_sweep_block block, const float *row, const uint8_t *valid, fd_stream stream)
{
    if (block.n == 0)
        return 0;
    return FD_LAUNCH(prepare, fd_blocks(block.n, HALVES), THREADS, stream, block.metric, fd_parts_of(block), row, valid);
}
