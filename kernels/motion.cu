#include "kernels/motion.h"

#include "kernels/elements.cuh"

/* A thread compares one pixel with the frame before. */
static __global__ void compare(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i >= (int64_t)job.width * job.height)
        return;
    const int32_t gray = fd_gray(job.rgb + 3 * i);
    job.moved[i] = job.first ? 0 : fd_moves(gray, job.before[i], job.threshold);
    job.gray[i] = (uint8_t)gray;
}

/* 255 where all of a pixel's 3x3 neighbours moved; what lies outside counts as moved. */
static __device__ uint8_t stays(const fd_motion_job &job, int64_t i)
{
    int64_t x;
    const int64_t y = fd_split(i, job.width, &x);
    uint8_t mask = job.moved[i];
    for (int64_t v = y > 0 ? y - 1 : 0; mask && v <= y + 1 && v < job.height; v++)
        for (int64_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < job.width; u++)
            mask &= job.moved[v * job.width + u];
    return mask;
}

static __device__ void paint_pixel(const fd_motion_job &job, int64_t i, uint8_t mask)
{
    job.out[3 * i] = job.rgb[3 * i] | mask;   /* of 0 or 255: the larger one */
    job.out[3 * i + 1] = job.rgb[3 * i + 1];
    job.out[3 * i + 2] = job.rgb[3 * i + 2];
}

/* A thread paints one pixel, red where it stays. */
static __global__ void erode_and_paint(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i >= (int64_t)job.width * job.height)
        return;
    const uint8_t mask = stays(job, i);
    paint_pixel(job, i, mask);
    if (job.mask)
        job.mask[i] = mask;
}

int fd_motion(fd_motion_job job, fd_stream stream)
{
    const int64_t n = (int64_t)job.width * job.height;
    const int error = FD_LAUNCH(compare, fd_blocks(n, FD_THREADS), FD_THREADS, stream, job);
    return error ? error : FD_LAUNCH(erode_and_paint, fd_blocks(n, FD_THREADS), FD_THREADS, stream, job);
}

/* --- one pass -------------------------------------------------------------------------------------------------------------------------- */

enum { TILE_WIDE = 64, TILE_HIGH = 16, RIM_WIDE = TILE_WIDE + 2, RIM_HIGH = TILE_HIGH + 2 };

/* A block has a tile. What moves is written to shared memory, a pixel beyond the tile too, which neighbours look at again: a sixth more reads, from the caches. */
static __global__ void fused(fd_motion_job job)
{
    __shared__ uint8_t moved[RIM_HIGH][RIM_WIDE];
    const int64_t across = (job.width + TILE_WIDE - 1) / TILE_WIDE;
    int64_t column;
    const int64_t top = fd_split(blockIdx.x, across, &column) * TILE_HIGH, left = column * TILE_WIDE;
    for (int k = (int)threadIdx.x; k < RIM_HIGH * RIM_WIDE; k += FD_THREADS) {
        const int v = k / RIM_WIDE, u = k % RIM_WIDE;
        const int64_t y = top + v - 1, x = left + u - 1, i = y * job.width + x;
        uint8_t m = 255;   /* outside */
        if (y >= 0 && y < job.height && x >= 0 && x < job.width) {
            const int32_t gray = fd_gray(job.rgb + 3 * i);
            m = job.first ? 0 : fd_moves(gray, job.before[i], job.threshold);
            if (v > 0 && v <= TILE_HIGH && u > 0 && u <= TILE_WIDE)
                job.gray[i] = (uint8_t)gray;
        }
        moved[v][u] = m;
    }
    __syncthreads();
    for (int k = (int)threadIdx.x; k < TILE_HIGH * TILE_WIDE; k += FD_THREADS) {
        const int v = k / TILE_WIDE, u = k % TILE_WIDE;
        const int64_t y = top + v, x = left + u, i = y * job.width + x;
        if (y >= job.height || x >= job.width)
            continue;
        uint8_t mask = 255;
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                mask &= moved[v + a][u + b];
        paint_pixel(job, i, mask);
        if (job.mask)
            job.mask[i] = mask;
    }
}

int fd_motion_fused(fd_motion_job job, fd_stream stream)
{
    return FD_LAUNCH(fused, fd_blocks(job.width, TILE_WIDE) * fd_blocks(job.height, TILE_HIGH), FD_THREADS, stream, job);
}

/* --- part by part ---------------------------------------------------------------------------------------------------------------------- */

static __global__ void gray_part(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i < (int64_t)job.width * job.height)
        job.gray[i] = (uint8_t)fd_gray(job.rgb + 3 * i);
}

static __global__ void compare_part(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i < (int64_t)job.width * job.height)
        job.moved[i] = job.first ? 0 : fd_moves(job.gray[i], job.before[i], job.threshold);
}

static __global__ void erode_part(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i < (int64_t)job.width * job.height)
        job.mask[i] = stays(job, i);
}

static __global__ void paint_part(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i < (int64_t)job.width * job.height)
        paint_pixel(job, i, job.mask[i]);
}

static unsigned blocks_of(const fd_motion_job &job)
{
    return fd_blocks((int64_t)job.width * job.height, FD_THREADS);
}

int fd_motion_gray(fd_motion_job job, fd_stream stream)
{
    return FD_LAUNCH(gray_part, blocks_of(job), FD_THREADS, stream, job);
}

int fd_motion_compare(fd_motion_job job, fd_stream stream)
{
    return FD_LAUNCH(compare_part, blocks_of(job), FD_THREADS, stream, job);
}

int fd_motion_erode(fd_motion_job job, fd_stream stream)
{
    return FD_LAUNCH(erode_part, blocks_of(job), FD_THREADS, stream, job);
}

int fd_motion_paint(fd_motion_job job, fd_stream stream)
{
    return FD_LAUNCH(paint_part, blocks_of(job), FD_THREADS, stream, job);
}
