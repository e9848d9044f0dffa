/* What distance tiles and sweeps share: products of 128 x 128 pairs of rows in the registers of a block, and the exact value of a pair by half a
 * warp. A warp owns 16 rows and all 128 columns of its block's tile, so that what is found for a row is put in its place without others. */
#ifndef FD_KERNELS_PAIR_TILE_CUH
#define FD_KERNELS_PAIR_TILE_CUH

#include "kernels/launch.cuh"
#include "kernels/math/pair.h"

enum { FD_TILE = 128, FD_TILE_THREADS = 256, FD_SLAB = 8, FD_SLAB_PITCH = FD_TILE + 4, FD_OWN = 8, FD_WARP_ROWS = 16 };

/* Elements k .. k + 7 of 128 rows of either side, [k][row]; two, so that one is filled while the other is read. */
struct fd_slabs {
    float a[2][FD_SLAB][FD_SLAB_PITCH], b[2][FD_SLAB][FD_SLAB_PITCH];
};

/* Rows first .. first + 127 of [n][dim]; what lies behind the last row or element is 0. */
struct fd_panel {
    const float *row;
    int64_t n, dim, first;
};

/* Whether rows can be read as fd_products<true> does: without a rest, at addresses of 16 bytes. */
static inline bool fd_is_even(const float *row, int64_t dim)
{
    return dim % FD_SLAB == 0 && (reinterpret_cast<uintptr_t>(row) & 15) == 0;
}

/* Four of a row's elements; `left`: how many there are, from `from` on; <= 0 for a row that is not there. */
template <bool EVEN> static __device__ __forceinline__ float4 fd_load4(const float *from, int left)
{
    float4 v = {0.0f, 0.0f, 0.0f, 0.0f};
    if (EVEN && left > 0)
        return *reinterpret_cast<const float4 *>(from);
    if (!EVEN) {
        v.x = left > 0 ? from[0] : 0.0f;
        v.y = left > 1 ? from[1] : 0.0f;
        v.z = left > 2 ? from[2] : 0.0f;
        v.w = left > 3 ? from[3] : 0.0f;
    }
    return v;
}

static __device__ __forceinline__ void fd_store4(float (*slab)[FD_SLAB_PITCH], float4 v)
{
    const unsigned row = threadIdx.x / 2, k = threadIdx.x % 2 * 4;
    slab[k][row] = v.x;
    slab[k + 1][row] = v.y;
    slab[k + 2][row] = v.z;
    slab[k + 3][row] = v.w;
}

/* This thread's rows begin at fd_own_row() of the tile, 8 below each other; its columns are fd_own_column(0 .. 7). */
static __device__ __forceinline__ int fd_own_row(unsigned thread)
{
    return (int)(thread / FD_WARP * FD_WARP_ROWS + thread % FD_WARP / 16 * FD_OWN);
}
static __device__ __forceinline__ int fd_own_column(unsigned thread, int c)
{
    return (int)(thread % 16 * 4) + (c & 3) + (c >> 2) * (FD_TILE / 2);
}

/* dot[r][c] += the products over one slab, one fused multiply-add for each element. */
static __device__ __forceinline__ void fd_multiply(const float (*a)[FD_SLAB_PITCH], const float (*b)[FD_SLAB_PITCH], float (&dot)[FD_OWN][FD_OWN])
{
    const int row = fd_own_row(threadIdx.x), column = fd_own_column(threadIdx.x, 0);
    FD_UNROLL
    for (int k = 0; k < FD_SLAB; k++) {
        const float4 x0 = *reinterpret_cast<const float4 *>(&a[k][row]), x1 = *reinterpret_cast<const float4 *>(&a[k][row + 4]);
        const float4 y0 = *reinterpret_cast<const float4 *>(&b[k][column]), y1 = *reinterpret_cast<const float4 *>(&b[k][column + FD_TILE / 2]);
        const float x[FD_OWN] = {x0.x, x0.y, x0.z, x0.w, x1.x, x1.y, x1.z, x1.w}, y[FD_OWN] = {y0.x, y0.y, y0.z, y0.w, y1.x, y1.y, y1.z, y1.w};
        FD_UNROLL
        for (int r = 0; r < FD_OWN; r++)
            FD_UNROLL
            for (int c = 0; c < FD_OWN; c++)
                dot[r][c] = __fmaf_rn(x[r], y[c], dot[r][c]);
    }
}

/* dot = products of the thread's rows of panel a and columns of panel b: elements in order from 0, whatever the tile. All threads of the block. A
 * thread brings 4 elements of one row of each panel into the slabs. dim < 2^31. */
template <bool EVEN> static __device__ __forceinline__ void fd_products(const fd_panel &a, const fd_panel &b, fd_slabs *slabs, float (&dot)[FD_OWN][FD_OWN])
{
    const int64_t i = a.first + threadIdx.x / 2, j = b.first + threadIdx.x / 2;
    const int k = (int)(threadIdx.x % 2 * 4), dim = (int)a.dim;
    const float *from_a = a.row + (i < a.n ? i : 0) * a.dim + k, *from_b = b.row + (j < b.n ? j : 0) * b.dim + k;
    int left_a = i < a.n ? dim - k : -1, left_b = j < b.n ? dim - k : -1, now = 0;
    FD_UNROLL
    for (int n = 0; n < FD_OWN * FD_OWN; n++)
        dot[n / FD_OWN][n % FD_OWN] = 0.0f;
    float4 x = fd_load4<EVEN>(from_a, left_a), y = fd_load4<EVEN>(from_b, left_b);
    __syncthreads();   /* nobody reads the slabs of the tile before */
    fd_store4(slabs->a[now], x);
    fd_store4(slabs->b[now], y);
    __syncthreads();
    for (int slab = FD_SLAB; slab < dim; slab += FD_SLAB) {
        from_a += FD_SLAB;
        from_b += FD_SLAB;
        left_a -= FD_SLAB;
        left_b -= FD_SLAB;
        x = fd_load4<EVEN>(from_a, left_a);
        y = fd_load4<EVEN>(from_b, left_b);
        fd_multiply(slabs->a[now], slabs->b[now], dot);
        now ^= 1;
        fd_store4(slabs->a[now], x);
        fd_store4(slabs->b[now], y);
        __syncthreads();
    }
    fd_multiply(slabs->a[now], slabs->b[now], dot);
}

/* kernels/math/pair.h's sums by 16 lanes of a warp, a partial sum each; both halves of the warp must call, each for a pair of its own. The result is
 * in all 16. p, q: factors of the rows; for a dot product 1. */
static __device__ __forceinline__ double fd_half_warp_fold(double sum)
{
    for (int half = FD_PAIR_LANES / 2; half > 0; half /= 2)
        sum += __shfl_xor_sync(FD_ALL_LANES, sum, half);
    return sum;
}
static __device__ __forceinline__ double fd_half_warp_squares(const float *x, double p, const float *y, double q, int64_t dim)
{
    double sum = 0.0;
    FD_UNROLL_2
    for (int64_t k = threadIdx.x % FD_PAIR_LANES; k < dim; k += FD_PAIR_LANES) {
        const double d = (double)x[k] * p - (double)y[k] * q;
        sum += d * d;
    }
    return fd_half_warp_fold(sum);
}
static __device__ __forceinline__ double fd_half_warp_dot(const float *x, const float *y, int64_t dim)
{
    double sum = 0.0;
    FD_UNROLL_2
    for (int64_t k = threadIdx.x % FD_PAIR_LANES; k < dim; k += FD_PAIR_LANES)
        sum += (double)x[k] * (double)y[k];
    return fd_half_warp_fold(sum);
}
static __device__ __forceinline__ float fd_half_warp_pair(int32_t metric, const float *x, double p, const float *y, double q, int64_t dim)
{
    if (metric == FD_PAIR_INNER)
        return (float)fd_half_warp_dot(x, y, dim);
    const double squares = metric == FD_PAIR_COSINE ? fd_half_warp_squares(x, p, y, q, dim) : fd_half_warp_squares(x, 1.0, y, 1.0, dim);
    return (float)(metric == FD_PAIR_COSINE ? squares / 2 : metric == FD_PAIR_EUCLIDEAN ? sqrt(squares) : squares);
}

/* Norms for which float32 products are neither infinite nor lose digits below its smallest number. */
static __device__ __forceinline__ bool fd_norm_in_range(float norm)
{
    return norm == 0.0f || (norm > 1e-30f && norm < 1e30f);
}

#endif
