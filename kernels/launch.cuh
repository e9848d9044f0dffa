/* How launchers start kernels (the only place with triple angle brackets), and what kernels share. tests/emu has a stand-in with the same names. */
#ifndef FD_KERNELS_LAUNCH_CUH
#define FD_KERNELS_LAUNCH_CUH

#include <cuda_runtime_api.h>
#include <stdint.h>

#define FD_UNROLL _Pragma("unroll")
#define FD_UNROLL_2 _Pragma("unroll 2")
#define FD_ROLLED _Pragma("unroll 1")

/* The block's dynamic shared memory as an array of `type`, aligned to 16 bytes. */
#define FD_SHARED(type, name)                                        \
    extern __shared__ __align__(16) unsigned char fd_shared_bytes[]; \
    type *const name = reinterpret_cast<type *>(fd_shared_bytes)

/* More than 48 KiB of shared memory must be asked for. */
template <class Kernel> static inline int fd_allow_shared(Kernel *kernel, int bytes)
{
    return bytes <= 48 * 1024 ? 0 : (int)cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

/* Queues kernel(arguments...) with so many bytes of dynamic shared memory and gives the launch's error as an int. */
#define FD_LAUNCH_SHARED(kernel, grid, block, bytes, stream, ...)                                                 \
    (fd_allow_shared((kernel), (bytes)) ? (int)cudaGetLastError()                                                 \
                                        : ((kernel)<<<(grid), (block), (size_t)(bytes), (stream)>>>(__VA_ARGS__), \
                                           (int)cudaGetLastError()))
#define FD_LAUNCH(kernel, grid, block, stream, ...) ((kernel)<<<(grid), (block), 0, (stream)>>>(__VA_ARGS__), (int)cudaGetLastError())

static __device__ __forceinline__ uint64_t fd_atomic_add(uint64_t *at, uint64_t v)
{
    return atomicAdd(reinterpret_cast<unsigned long long *>(at), (unsigned long long)v);
}

/* Blocks of `size` that cover n; both positive. */
static inline unsigned fd_blocks(int64_t n, int64_t size)
{
    return (unsigned)((n + size - 1) / size);
}

static const int FD_WARP = 32;
static const int FD_MOST_SHARED = 64 * 1024;   /* bytes that every architecture of the project gives a block */
static const unsigned FD_ALL_LANES = 0xffffffffu;
static const int64_t FD_MOST_BLOCKS_Z = 65535;   /* of a grid, in y and z */

#endif
