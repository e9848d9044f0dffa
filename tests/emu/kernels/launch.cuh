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
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define FD_UNROLL
#define FD_UNROLL_2
#define FD_ROLLED
#define FD_SHARED(type, name) type *const name = static_cast<type *>(fd_emu_shared)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned width = 1, unsigned height = 1, unsigned depth = 1) : x(width), y(height), z(depth) {}
};
struct alignas(16) float4 { float x, y, z, w; };

struct fd_emu_said { uint64_t value[32]; unsigned turn[32]; };
struct fd_emu_warp { fd_emu_said said[2]; };
struct fd_emu_thread { dim3 index; unsigned lane, turn; fd_emu_warp *warp; };
struct fd_emu_task {
    virtual void run() const = 0;
    virtual ~fd_emu_task() {}
};
extern fd_emu_thread *fd_emu_self;
extern dim3 blockIdx, blockDim, gridDim;
extern void *fd_emu_shared;
void fd_emu_wait(bool for_warp);   /* until all others of the warp, or of the block, that are not done are here */
int fd_emu_launch(fd_emu_task *task, dim3 grid, dim3 block, size_t shared, cudaStream_t s);

#define threadIdx (fd_emu_self->index)
static inline void __syncthreads() { fd_emu_wait(false); }
static inline void __syncwarp() { fd_emu_wait(true); }

/* Tells the warp a value; gives what all lanes told (those with a turn of now; the others are done). Two places in turn, so that nobody overwrites
 * what another has yet to read. Lanes: all. */
template <class T> static inline const fd_emu_said *fd_emu_tell(T v)
{
    const unsigned lane = fd_emu_self->lane, turn = ++fd_emu_self->turn;
    fd_emu_said *said = &fd_emu_self->warp->said[turn % 2];
    std::memcpy(&said->value[lane], &v, sizeof v);
    said->turn[lane] = turn;
    fd_emu_wait(true);
    return said;
}
template <class T> static inline T __shfl_sync(unsigned, T v, int from)
{
    std::memcpy(&v, &fd_emu_tell(v)->value[from & 31], sizeof v);
    return v;
}
template <class T> static inline T __shfl_xor_sync(unsigned lanes, T v, int mask) { return __shfl_sync(lanes, v, (int)fd_emu_self->lane ^ mask); }
static inline unsigned __ballot_sync(unsigned, int yes)
{
    const fd_emu_said *said = fd_emu_tell((uint64_t)(yes != 0));
    unsigned all = 0;
    for (unsigned k = 0; k < 32; k++)
        all |= (unsigned)(said->turn[k] == fd_emu_self->turn && said->value[k]) << k;
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
