#include "kernels/motion.h"

#include "kernels/elements.cuh"

/* A thread compares one pixel with the frame before. */
static __global__ void compare(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i >= (int64_t)job.width * job.height)
        return;
    const int32_t gray = fd_gray(job.rgb + 3 * i);
    job.moved[i] = job.first ? 0 : fd_moves(gray, job.gray[i], job.threshold);
    job.gray[i] = (uint8_t)gray;
}

/* A thread paints one pixel, red where its 3x3 neighbours all moved; what lies outside counts as moved. */
static __global__ void paint(fd_motion_job job)
{
    const int64_t i = fd_thread();
    if (i >= (int64_t)job.width * job.height)
        return;
    int64_t x;
    const int64_t y = fd_split(i, job.width, &x);
    uint8_t mask = job.moved[i];
    for (int64_t v = y > 0 ? y - 1 : 0; mask && v <= y + 1 && v < job.height; v++)
        for (int64_t u = x > 0 ? x - 1 : 0; u <= x + 1 && u < job.width; u++)
            mask &= job.moved[v * job.width + u];
    job.out[3 * i] = job.rgb[3 * i] | mask;   /* of 0 or 255: the larger one */
    job.out[3 * i + 1] = job.rgb[3 * i + 1];
    job.out[3 * i + 2] = job.rgb[3 * i + 2];
    if (job.mask)
        job.mask[i] = mask;
}

int fd_motion(fd_motion_job job, fd_stream stream)
{
    const int64_t n = (int64_t)job.width * job.height;
    const int error = FD_LAUNCH(compare, fd_blocks(n, FD_THREADS), FD_THREADS, stream, job);
    return error ? error : FD_LAUNCH(paint, fd_blocks(n, FD_THREADS), FD_THREADS, stream, job);
}
