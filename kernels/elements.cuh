/* How kernels find the element that a thread makes. */
#ifndef FD_KERNELS_ELEMENTS_CUH
#define FD_KERNELS_ELEMENTS_CUH

#include "kernels/launch.cuh"

static const int FD_THREADS = 256;

/* Place of this thread among all; arrays of 2^31 elements and more are counted in 64 bits. */
static __device__ __forceinline__ int64_t fd_thread(void)
{
    return (int64_t)blockIdx.x * FD_THREADS + threadIdx.x;
}

/* at / by and the rest, in 32 bits where both fit: a 64-bit division costs four times as much. */
static __device__ __forceinline__ int64_t fd_split(int64_t at, int64_t by, int64_t *rest)
{
    if ((uint64_t)(at | by) >> 32 == 0) {
        const uint32_t q = (uint32_t)at / (uint32_t)by;
        *rest = (uint32_t)at - q * (uint32_t)by;
        return q;
    }
    const int64_t q = at / by;
    *rest = at - q * by;
    return q;
}

/* Axes over which arrays of strides a and b both go on evenly become one, and those of size 1 none, so that a kernel divides less. Gives the rank. */
static inline int32_t fd_merge_axes(int32_t rank, int64_t *dim, int64_t *a, int64_t *b)
{
    int32_t last = -1;
    for (int32_t i = 0; i < rank; i++) {
        if (dim[i] == 1)
            continue;
        if (last >= 0 && a[last] == a[i] * dim[i] && b[last] == b[i] * dim[i]) {
            dim[last] *= dim[i];
        } else {
            dim[++last] = dim[i];
        }
        a[last] = a[i];
        b[last] = b[i];
    }
    return last + 1;
}

#endif
