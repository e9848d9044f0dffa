#include "kernels/distance.h"

#include "kernels/pair_tile.cuh"
#include "kernels/row_sum.cuh"

static __global__ void norms(const float *rows, int64_t n, int64_t dim, float *norm)
{
    const int64_t first = (int64_t)blockIdx.x * FD_WARP;
    const int count = (int)(n - first < FD_WARP ? n - first : FD_WARP);
    const double sum = fd_row_sum(rows, first, count, dim);
    if ((int)threadIdx.x < count)
        norm[first + threadIdx.x] = (float)sum;
}

int fd_norms(const float *rows, int64_t n, int64_t dim, float *norm, fd_stream stream)
{
    if (n == 0)
        return 0;
    return FD_LAUNCH(norms, fd_blocks(n, FD_WARP), FD_WARP, stream, rows, n, dim, norm);
}

/* Full tiles: one metric, two sides. */
struct tile {
    int32_t metric;
    fd_tile_side a, b;
    int64_t dim;
    float *out;
    int64_t pitch;
};

/* The distance by the product; *near: too near to be trusted, or of norms that float32 does not multiply well. */
static __device__ __forceinline__ float by_product(int32_t metric, float dot, float a, float b, bool *near)
{
    const float enough = 0.015625f;   /* 1 / 64 */
    const bool in_range = fd_norm_in_range(a) && fd_norm_in_range(b);
    if (metric == FD_PAIR_INNER) {
        *near = !in_range;
        return dot;
    }
    if (metric == FD_PAIR_COSINE) {
        const float d = 1.0f - dot / (sqrtf(a) * sqrtf(b));
        *near = !in_range || !(d > enough);
        return d > 2.0f ? 2.0f : d;
    }
    const float sum = a + b, d = sum - 2.0f * dot;
    *near = !in_range || !(d > sum * enough);
    return metric == FD_PAIR_EUCLIDEAN ? sqrtf(d) : d;
}

/* The exact value of pair (i, j) of the two sides, by half a warp. */
static __device__ float exact(const tile &t, int64_t i, int64_t j)
{
    const float *x = t.a.row + i * t.dim, *y = t.b.row + j * t.dim;
    double p = 1.0, q = 1.0;
    if (t.metric == FD_PAIR_COSINE) {
        p = 1.0 / sqrt(fd_half_warp_dot(x, x, t.dim));
        q = 1.0 / sqrt(fd_half_warp_dot(y, y, t.dim));
    }
    return fd_half_warp_pair(t.metric, x, p, y, q, t.dim);
}

/* Writes the exact values of the pairs in `near` (bit 8 r + c) of the warp's threads, two at a time. */
static __device__ void correct(const tile &t, int64_t row, int64_t column, uint64_t near)
{
    const unsigned first_lane = threadIdx.x / FD_WARP * FD_WARP, half = threadIdx.x / 16 % 2;
    for (int bit = 0; bit < FD_OWN * FD_OWN; bit++) {
        unsigned hits = __ballot_sync(FD_ALL_LANES, near >> bit & 1);
        while (hits) {
            const int one = __ffs((int)hits) - 1, other = __ffs((int)(hits & (hits - 1))) - 1, lane = half && other >= 0 ? other : one;
            const int64_t i = row + fd_own_row(first_lane + (unsigned)lane) + bit / FD_OWN, j = column + fd_own_column(first_lane + (unsigned)lane, bit % FD_OWN);
            const float v = exact(t, i, j);
            if (threadIdx.x % 16 == 0 && (!half || other >= 0))
                t.out[i * t.pitch + j] = v;
            hits &= hits - 1;
            hits &= hits - 1;
        }
    }
}

template <bool EVEN> static __global__ void __launch_bounds__(FD_TILE_THREADS, 2) distance_tile(tile t)
{
    __shared__ __align__(16) fd_slabs slabs;
    const int64_t row = (int64_t)blockIdx.y * FD_TILE, column = (int64_t)blockIdx.x * FD_TILE;
    const int64_t i = row + fd_own_row(threadIdx.x);
    float dot[FD_OWN][FD_OWN];
    fd_products<EVEN>({t.a.row, t.a.n, t.dim, row}, {t.b.row, t.b.n, t.dim, column}, &slabs, dot);
    uint64_t near = 0;
    FD_UNROLL
    for (int c = 0; c < FD_OWN; c++) {
        const int64_t j = column + fd_own_column(threadIdx.x, c);
        const float b = j < t.b.n ? t.b.norm[j] : 0.0f;
        FD_UNROLL
        for (int r = 0; r < FD_OWN; r++) {
            bool is_near = false;
            if (i + r < t.a.n && j < t.b.n)
                t.out[(i + r) * t.pitch + j] = by_product(t.metric, dot[r][c], t.a.norm[i + r], b, &is_near);
            near |= (uint64_t)is_near << (FD_OWN * r + c);
        }
    }
    __syncwarp();   /* the exact values come behind the others */
    if (__any_sync(FD_ALL_LANES, near != 0))
        correct(t, row, column, near);
}

int fd_distance_tile(int32_t metric, fd_tile_side a, fd_tile_side b, int64_t dim, float *out, int64_t pitch, fd_stream stream)
{
    const int64_t most = FD_MOST_BLOCKS_Z * FD_TILE;   /* rows of a grid */
    int error = 0;
    for (int64_t first = 0; first < a.n && b.n > 0 && !error; first += most) {
        const fd_tile_side part = {a.row + first * dim, a.norm + first, a.n - first < most ? a.n - first : most};
        const tile t = {metric, part, b, dim, out + first * pitch, pitch};
        const dim3 grid(fd_blocks(b.n, FD_TILE), fd_blocks(part.n, FD_TILE));
        error = fd_is_even(part.row, dim) && fd_is_even(b.row, dim) ? FD_LAUNCH(distance_tile<true>, grid, FD_TILE_THREADS, stream, t)
                                                                    : FD_LAUNCH(distance_tile<false>, grid, FD_TILE_THREADS, stream, t);
    }
    return error;
}
