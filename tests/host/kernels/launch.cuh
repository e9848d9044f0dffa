/* Stands in for kernels/launch.cuh where kernels are compiled for the processor, to test what they compute where there is no GPU: blocks one
 * after the other, a thread of the system for each of theirs. Slow, and no test of speed, memory spaces or the launch itself. */
#ifndef TESTS_HOST_LAUNCH_CUH
#define TESTS_HOST_LAUNCH_CUH

#include <barrier>
#include <cmath>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#define __global__
#define __device__
#define __shared__ static   /* one block at a time */

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned width = 1, unsigned height = 1, unsigned depth = 1) : x(width), y(height), z(depth)
    {
    }
};

static const int FD_WARP = 32;
static const int64_t FD_MOST_BLOCKS_Z = 65535;

/* What 32 neighbours tell each other. */
struct fd_host_warp {
    std::barrier<> meet;
    double number[FD_WARP];
    bool yes[FD_WARP];
    fd_host_warp() : meet(FD_WARP), number(), yes()
    {
    }
};

inline thread_local dim3 threadIdx, blockIdx;
inline thread_local unsigned fd_host_lane;
inline thread_local fd_host_warp *fd_host_own_warp;
inline thread_local std::barrier<> *fd_host_block;

static inline void __syncthreads()
{
    fd_host_block->arrive_and_wait();
}

static inline void __syncwarp()
{
    fd_host_own_warp->meet.arrive_and_wait();
}

static inline unsigned __ballot_sync(unsigned, bool yes)
{
    unsigned all = 0;
    fd_host_own_warp->yes[fd_host_lane] = yes;
    __syncwarp();
    for (int k = 0; k < FD_WARP; k++)
        all |= fd_host_own_warp->yes[k] ? 1u << k : 0u;
    __syncwarp();
    return all;
}

static inline double __shfl_sync(unsigned, double number, int from)
{
    fd_host_own_warp->number[fd_host_lane] = number;
    __syncwarp();
    const double theirs = fd_host_own_warp->number[from];
    __syncwarp();
    return theirs;
}

static inline int __popc(unsigned bits)
{
    return __builtin_popcount(bits);
}

template <class Kernel> static void fd_host_run_block(const Kernel &kernel, dim3 block, dim3 at)
{
    const unsigned threads = block.x * block.y * block.z;
    std::barrier<> all(threads);
    std::vector<std::unique_ptr<fd_host_warp>> warps;
    std::vector<std::thread> running;
    for (unsigned k = 0; k < threads; k += (unsigned)FD_WARP)
        warps.emplace_back(new fd_host_warp);
    for (unsigned k = 0; k < threads; k++)
        running.emplace_back([&, k] {
            threadIdx = dim3(k % block.x, k / block.x % block.y, k / block.x / block.y);
            blockIdx = at;
            fd_host_lane = k % (unsigned)FD_WARP;
            fd_host_own_warp = warps[k / (unsigned)FD_WARP].get();
            fd_host_block = &all;
            kernel();
        });
    for (std::thread &t : running)
        t.join();
}

template <class Kernel> static int fd_host_launch(const Kernel &kernel, dim3 grid, dim3 block)
{
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++)
                fd_host_run_block(kernel, block, dim3(x, y, z));
    return 0;
}

#define FD_LAUNCH(kernel, grid, block, stream, ...) ((void)(stream), fd_host_launch([&] { kernel(__VA_ARGS__); }, dim3(grid), dim3(block)))

static inline unsigned fd_blocks(int64_t n, int64_t size)
{
    return (unsigned)((n + size - 1) / size);
}

#endif
