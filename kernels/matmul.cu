#include "kernels/matmul.h"

#include "kernels/pair_tile.cuh"
#include "kernels/tensor.cuh"

/* --- 1: a thread makes one number -------------------------------------------------------------------------------------------------------- */

enum { SMALL = 16, TILE = 32 };

static __global__ void naive(fd_matmul m)
{
    const int64_t i = (int64_t)blockIdx.y * SMALL + threadIdx.x / SMALL, j = (int64_t)blockIdx.x * SMALL + threadIdx.x % SMALL;
    if (i >= m.rows || j >= m.columns)
        return;
    float sum = 0.0f;
    for (int64_t k = 0; k < m.depth; k++)
        sum = __fmaf_rn(m.a[i * m.depth + k], m.b[k * m.columns + j], sum);
    m.c[i * m.columns + j] = sum;
}

int fd_matmul_naive(fd_matmul m, fd_stream stream)
{
    return FD_LAUNCH(naive, dim3(fd_blocks(m.columns, SMALL), fd_blocks(m.rows, SMALL)), SMALL * SMALL, stream, m);
}

/* --- 2: tiles in shared memory ----------------------------------------------------------------------------------------------------------- */

/* What lies outside the factors is 0, so that every thread does the same. */
static __global__ void __launch_bounds__(TILE *TILE) tiled(fd_matmul m)
{
    __shared__ float a[TILE][TILE], b[TILE][TILE];
    const int x = (int)(threadIdx.x % TILE), y = (int)(threadIdx.x / TILE);
    const int64_t i = (int64_t)blockIdx.y * TILE + y, j = (int64_t)blockIdx.x * TILE + x;
    float sum = 0.0f;
    for (int64_t k = 0; k < m.depth; k += TILE) {
        a[y][x] = i < m.rows && k + x < m.depth ? m.a[i * m.depth + k + x] : 0.0f;
        b[y][x] = k + y < m.depth && j < m.columns ? m.b[(k + y) * m.columns + j] : 0.0f;
        __syncthreads();
        for (int q = 0; q < TILE; q++)
            sum = __fmaf_rn(a[y][q], b[q][x], sum);
        __syncthreads();
    }
    if (i < m.rows && j < m.columns)
        m.c[i * m.columns + j] = sum;
}

int fd_matmul_tiled(fd_matmul m, fd_stream stream)
{
    return FD_LAUNCH(tiled, dim3(fd_blocks(m.columns, TILE), fd_blocks(m.rows, TILE)), TILE * TILE, stream, m);
}

/* --- 3: vectors of four, and sums in registers ------------------------------------------------------------------------------------------- */

/* Four numbers of this thread's row of a, and of its row of b, in the slab from element k on. */
template <bool EVEN> static __device__ __forceinline__ float4 load_a(const fd_matmul &m, int64_t row, int64_t k)
{
    const int64_t i = row + threadIdx.x / 2, at = k + threadIdx.x % 2 * 4, left = m.depth - at;
    return fd_load4<EVEN>(m.a + i * m.depth + at, i < m.rows ? (int)(left < 4 ? left : 4) : 0);
}
template <bool EVEN> static __device__ __forceinline__ float4 load_b(const fd_matmul &m, int64_t column, int64_t k)
{
    const int64_t at = k + threadIdx.x / FD_WARP, j = column + threadIdx.x % FD_WARP * 4, left = m.columns - j;
    return fd_load4<EVEN>(m.b + at * m.columns + j, at < m.depth ? (int)(left < 4 ? left : 4) : 0);
}

template <bool EVEN> static __global__ void __launch_bounds__(FD_TILE_THREADS, 2) vectorised(fd_matmul m)
{
    __shared__ __align__(16) fd_slabs slabs;
    const int64_t row = (int64_t)blockIdx.y * FD_TILE, column = (int64_t)blockIdx.x * FD_TILE;
    float sum[FD_OWN][FD_OWN] = {};
    float4 x = load_a<EVEN>(m, row, 0), y = load_b<EVEN>(m, column, 0);
    int now = 0;
    for (int64_t k = 0; k < m.depth; k += FD_SLAB) {
        fd_store4(slabs.a[now], x);
        *reinterpret_cast<float4 *>(&slabs.b[now][threadIdx.x / FD_WARP][threadIdx.x % FD_WARP * 4]) = y;
        __syncthreads(); /* one is enough: who fills this slab again has met all others at the next one */
        x = load_a<EVEN>(m, row, k + FD_SLAB);
        y = load_b<EVEN>(m, column, k + FD_SLAB);
        fd_multiply(slabs.a[now], slabs.b[now], sum);
        now ^= 1;
    }
    FD_UNROLL
    for (int r = 0; r < FD_OWN; r++)
        FD_UNROLL
        for (int c = 0; c < FD_OWN; c++) {
            const int64_t i = row + fd_own_row(threadIdx.x) + r, j = column + fd_own_column(threadIdx.x, c);
            if (i < m.rows && j < m.columns)
                m.c[i * m.columns + j] = sum[r][c];
        }
}

/* Whether every four numbers that a thread reads are there, at an address of 16 bytes. */
static bool is_even(const fd_matmul &m)
{
    return m.depth % 4 == 0 && m.columns % 4 == 0 && ((reinterpret_cast<uintptr_t>(m.a) | reinterpret_cast<uintptr_t>(m.b)) & 15) == 0;
}

int fd_matmul_vectorised(fd_matmul m, fd_stream stream)
{
    const dim3 grid(fd_blocks(m.columns, FD_TILE), fd_blocks(m.rows, FD_TILE));
    return is_even(m) ? FD_LAUNCH(vectorised<true>, grid, FD_TILE_THREADS, stream, m)
                      : FD_LAUNCH(vectorised<false>, grid, FD_TILE_THREADS, stream, m);
}

/* --- 4: tensor cores --------------------------------------------------------------------------------------------------------------------- */

/* A block's 8 warps have 32 rows and 64 columns of its tile each. Pairs of halves [row or column][k / 2]; by the pitch, the lanes of a warp
 * that read at once read from 32 banks. */
enum { DEEP = 16, PAIRS = DEEP / 2, PITCH = PAIRS + 4, HIGH = 32, WIDE = 64 };
typedef uint32_t halves[FD_TILE][PITCH];

/* A thread's half row of a, and half column of b, from element k on. */
template <bool EVEN>
static __device__ __forceinline__ void fill(const fd_matmul &m, int64_t row, int64_t column, int64_t k, halves &a, halves &b)
{
    const unsigned r = threadIdx.x / 2, c = threadIdx.x % FD_TILE;
    const int64_t i = row + r, j = column + c;
    FD_UNROLL
    for (int q = 0; q < 2; q++) {
        const unsigned at = threadIdx.x % 2 * 8 + 4 * (unsigned)q;
        const int64_t left = m.depth - k - at;
        const float4 v = fd_load4<EVEN>(m.a + i * m.depth + k + at, i < m.rows ? (int)(left < 4 ? left : 4) : 0);
        a[r][at / 2] = fd_halves(v.x, v.y);
        a[r][at / 2 + 1] = fd_halves(v.z, v.w);
    }
    FD_UNROLL
    for (unsigned q = 0; q < 4; q++) {
        const unsigned pair = threadIdx.x / FD_TILE * 4 + q;
        const int64_t at = k + 2 * pair;
        const float low = j < m.columns && at < m.depth ? m.b[at * m.columns + j] : 0.0f;
        const float high = j < m.columns && at + 1 < m.depth ? m.b[(at + 1) * m.columns + j] : 0.0f;
        b[c][pair] = fd_halves(low, high);
    }
}

/* The warp's sums over the tiles that are there. */
static __device__ __forceinline__ void multiply(const halves &a, const halves &b, float (&sum)[HIGH / 16][WIDE / 8][4])
{
    const unsigned warp = threadIdx.x / FD_WARP, g = threadIdx.x % FD_WARP / 4, t = threadIdx.x % 4, high = warp / 2 * HIGH,
                   wide = warp % 2 * WIDE;
    FD_UNROLL
    for (unsigned k = 0; k < PAIRS; k += 4)
        FD_UNROLL
        for (unsigned r = 0; r < HIGH / 16; r++) {
            const uint32_t upper = a[high + 16 * r + g][k + t], lower = a[high + 16 * r + 8 + g][k + t];
            FD_UNROLL
            for (unsigned c = 0; c < WIDE / 8; c++)
                fd_tensor_add(sum[r][c], upper, lower, b[wide + 8 * c + g][k + t]);
        }
}

template <bool EVEN> static __global__ void __launch_bounds__(FD_TILE_THREADS, 2) tensor(fd_matmul m)
{
    __shared__ halves a[2], b[2];
    const int64_t row = (int64_t)blockIdx.y * FD_TILE, column = (int64_t)blockIdx.x * FD_TILE;
    float sum[HIGH / 16][WIDE / 8][4] = {};
    int now = 0;
    for (int64_t k = 0; k < m.depth; k += DEEP) {
        fill<EVEN>(m, row, column, k, a[now], b[now]);
        __syncthreads();
        multiply(a[now], b[now], sum);
        now ^= 1;
    }
    const unsigned warp = threadIdx.x / FD_WARP, g = threadIdx.x % FD_WARP / 4, t = threadIdx.x % 4;
    FD_UNROLL
    for (unsigned r = 0; r < HIGH / 16; r++)
        FD_UNROLL
        for (unsigned c = 0; c < WIDE / 8; c++)
            FD_UNROLL
            for (unsigned n = 0; n < 4; n++) {
                const int64_t i = row + warp / 2 * HIGH + 16 * r + 8 * (n / 2) + g, j = column + warp % 2 * WIDE + 8 * c + 2 * t + n % 2;
                if (i < m.rows && j < m.columns)
                    m.c[i * m.columns + j] = sum[r][c][n];
            }
}

int fd_matmul_tensor(fd_matmul m, fd_stream stream)
{
    const dim3 grid(fd_blocks(m.columns, FD_TILE), fd_blocks(m.rows, FD_TILE));
    return is_even(m) ? FD_LAUNCH(tensor<true>, grid, FD_TILE_THREADS, stream, m) : FD_LAUNCH(tensor<false>, grid, FD_TILE_THREADS, stream, m);
}
