/* Stands in for kernels/launch.cuh: the same kernel files, compiled for the processor. A block's threads are fibers that run one after the other
 * and change at barriers, so a missing barrier gives wrong values, and a report under TSan, every time. */
#ifndef TESTS_EMU_LAUNCH_CUH
#define TESTS_EMU_LAUNCH_CUH

#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>

#include <cuda_runtime_api.h>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static   /* one block at a time */
#define __align__(n) alignas(n)
#define __launch_bounds__(...)
#define FD_UNROLL
#define FD_ROLLED
#define FD_SHARED(type, name) type *const name = static_cast<type *>(fd_emu_shared)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned width = 1, unsigned height = 1, unsigned depth = 1) : x(width), y(height), z(depth) {}
};
struct alignas(16) float4 { float x, y, z, w; };

struct fd_emu_warp { uint64_t said[32]; };
struct fd_emu_thread { dim3 index; unsigned lane; fd_emu_warp *warp; };
struct fd_emu_task {
    virtual void run() const = 0;
    virtual ~fd_emu_task() {}
};
extern fd_emu_thread *fd_emu_self;
extern dim3 blockIdx, blockDim, gridDim;
extern void *fd_emu_shared;
void fd_emu_wait(unsigned lanes);   /* until these lanes of the warp are here; 0: all threads of the block */
int fd_emu_launch(fd_emu_task *task, dim3 grid, dim3 block, size_t shared, cudaStream_t s);

#define threadIdx (fd_emu_self->index)
static inline void __syncthreads() { fd_emu_wait(0); }
static inline void __syncwarp(unsigned lanes = 0xffffffffu) { fd_emu_wait(lanes); }

/* Tells the others of `lanes` a value; gives what lane `from` told. */
template <class T> static inline T __shfl_sync(unsigned lanes, T v, int from, int width = 32)
{
    const unsigned lane = fd_emu_self->lane, w = (unsigned)width;
    std::memcpy(&fd_emu_self->warp->said[lane], &v, sizeof v);
    fd_emu_wait(lanes);
    std::memcpy(&v, &fd_emu_self->warp->said[lane / w * w + (unsigned)from % w], sizeof v);
    fd_emu_wait(lanes);
    return v;
}
template <class T> static inline T __shfl_xor_sync(unsigned lanes, T v, int mask) { return __shfl_sync(lanes, v, (int)(fd_emu_self->lane ^ (unsigned)mask)); }
static inline unsigned __ballot_sync(unsigned lanes, int yes)
{
    unsigned all = 0;
    fd_emu_self->warp->said[fd_emu_self->lane] = yes != 0;
    fd_emu_wait(lanes);
    for (unsigned k = 0; k < 32; k++)
        all |= lanes >> k & 1 && fd_emu_self->warp->said[k] ? 1u << k : 0u;
    fd_emu_wait(lanes);
    return all;
}
static inline int __any_sync(unsigned lanes, int yes) { return __ballot_sync(lanes, yes) != 0; }
static inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
static inline int __ffs(int bits) { return __builtin_ffs(bits); }
static inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
static inline unsigned atomicAdd(unsigned *at, unsigned v) { return __atomic_fetch_add(at, v, __ATOMIC_RELAXED); }
static inline uint64_t fd_atomic_add(uint64_t *at, uint64_t v) { return __atomic_fetch_add(at, v, __ATOMIC_RELAXED); }

template <class... P> struct fd_emu_call : fd_emu_task {
    void (*kernel)(P...);
    std::tuple<P...> arguments;
    template <class... A> fd_emu_call(void (*k)(P...), A... a) : kernel(k), arguments(a...) {}
    void run() const override { std::apply(kernel, arguments); }
};
template <class... P, class... A> static int fd_emu_queue(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, cudaStream_t s, A... a)
{
    return fd_emu_launch(new fd_emu_call<P...>(kernel, a...), grid, block, shared, s);
}
#define FD_LAUNCH_SHARED(kernel, grid, block, bytes, stream, ...) fd_emu_queue(kernel, dim3(grid), dim3(block), (size_t)(bytes), stream, __VA_ARGS__)
#define FD_LAUNCH(kernel, grid, block, stream, ...) FD_LAUNCH_SHARED(kernel, grid, block, 0, stream, __VA_ARGS__)
static inline unsigned fd_blocks(int64_t n, int64_t size) { return (unsigned)((n + size - 1) / size); }
[[maybe_unused]] static const int FD_WARP = 32, FD_MOST_SHARED = 64 * 1024;
[[maybe_unused]] static const unsigned FD_ALL_LANES = 0xffffffffu;
[[maybe_unused]] static const int64_t FD_MOST_BLOCKS_Z = 65535;

#endif
