/* Where the parts of a prepared block lie, and how a product of float32 tells which pairs cannot matter.
 *
 * The product of two rows in float32 is off by at most dim 2^-24 |x||y| (one rounding for each element), which is at most dim 2^-25 (|x|^2 + |y|^2).
 * With e = (1.01 dim + 16) 2^-24 for that and the few roundings of what follows, a pair (i, j) can only have a value below t when
 *     squared distance    2 dot - n_j (1 - e) >= n_i (1 - e) - t
 *     cosine              dot f_j >= (1 - e - t) |x_i|
 *     inner product > t   dot + e n_j / 2 >= t - e n_i / 2
 * that is, when dot * gain_j - shift_j >= bound_i: one operation and one comparison for a pair. Rows whose norm float32 does not carry far enough get
 * a bound, or a shift, of minus infinity: all their pairs are looked at. */
#ifndef FD_KERNELS_SWEEP_BLOCK_CUH
#define FD_KERNELS_SWEEP_BLOCK_CUH

#include "kernels/pair_tile.cuh"
#include "kernels/sweep_block.h"

struct fd_block_parts {
    int64_t n, dim, pitch; /* pitch: floats from row to row */
    double *factor;
    float *norm, *gain, *shift, *row;
};

static inline int64_t fd_aligned(int64_t bytes)
{
    return (bytes + 255) / 256 * 256;
}

static inline fd_block_parts fd_parts_of(const fd_sweep_block &b)
{
    char *at = static_cast<char *>(b.memory);
    fd_block_parts p = {b.n, b.dim, (b.dim + FD_SLAB - 1) / FD_SLAB * FD_SLAB, nullptr, nullptr, nullptr, nullptr, nullptr};
    p.factor = reinterpret_cast<double *>(at);
    at += fd_aligned(b.n * (int64_t)sizeof(double));
    float **const of_rows[3] = {&p.norm, &p.gain, &p.shift};
    for (int k = 0; k < 3; k++, at += fd_aligned(b.n * (int64_t)sizeof(float)))
        *of_rows[k] = reinterpret_cast<float *>(at);
    p.row = reinterpret_cast<float *>(at);
    return p;
}

/* e of above, rounded up. */
static __host__ __device__ __forceinline__ float fd_product_error(int64_t dim)
{
    return (float)((1.01 * (double)dim + 16.0) * 5.9604645e-8) * 1.000001f;
}

#endif
