#include "kernels/convolve.h"

#include "kernels/elements.cuh"

static __device__ __forceinline__ float load(const fd_convolve_job &job, int64_t i)
{
    if (job.type == 0)
        return ((const uint8_t *)job.from)[i];
    return job.type == 1 ? (float)((const uint16_t *)job.from)[i] : ((const float *)job.from)[i];
}

/* Rounded to nearest even and clamped; NaN: 0. */
static __device__ __forceinline__ void store(const fd_convolve_job &job, int64_t i, float value)
{
    const float most = job.type == 0 ? 255.0f : 65535.0f, kept = value > 0.0f ? (value < most ? value : most) : 0.0f;
    if (job.type == 2)
        ((float *)job.to)[i] = value;
    else if (job.type == 0)
        ((uint8_t *)job.to)[i] = (uint8_t)rintf(kept);
    else
        ((uint16_t *)job.to)[i] = (uint16_t)rintf(kept);
}

/* Sample i is channel k of pixel (y, x). */
static __device__ __forceinline__ void place_of(const fd_convolve_job &job, int64_t i, int64_t *y, int64_t *x, int64_t *k)
{
    *y = fd_split(fd_split(i, job.channels, k), job.width, x);
}

/* The sum over `columns` columns of the window whose first lies at x; columns of the constant have x < 0 or beyond. */
static __device__ float sum(const fd_convolve_job &job, int64_t y, int64_t x, int64_t k, int32_t columns)
{
    float s = 0.0f;
    for (int32_t i = 0; i < job.rows; i++) {
        const int64_t v = fd_border_index(y + i - job.anchor_row, job.height, job.border);
        for (int32_t j = 0; j < columns; j++) {
            const int64_t u = fd_border_index(x + j, job.width, job.border);
            const float sample = v < 0 || u < 0 ? job.constant : load(job, (v * job.width + u) * job.channels + k);
            s = __fmaf_rn(job.taps[i * columns + j], sample, s);
        }
    }
    return s;
}

/* A thread makes one sample, tap by tap. */
static __global__ void direct(fd_convolve_job job)
{
    const int64_t i = fd_thread();
    if (i >= (int64_t)job.width * job.height * job.channels)
        return;
    int64_t y, x, k;
    place_of(job, i, &y, &x, &k);
    store(job, i, sum(job, y, x - job.anchor_column, k, job.columns));
}

/* A thread sums down one column. */
static __global__ void sum_down(fd_convolve_job job)
{
    const int64_t i = fd_thread();
    if (i >= (int64_t)job.width * job.height * job.channels)
        return;
    int64_t y, x, k;
    place_of(job, i, &y, &x, &k);
    job.down[i] = sum(job, y, x, k, 1);
}

/* A thread sums along a row of such sums; a column of the constant has a sum of its own. */
static __global__ void sum_across(fd_convolve_job job)
{
    const int64_t i = fd_thread();
    if (i >= (int64_t)job.width * job.height * job.channels)
        return;
    int64_t y, x, k;
    float outside = 0.0f, s = 0.0f;
    place_of(job, i, &y, &x, &k);
    for (int32_t r = 0; r < job.rows; r++)
        outside = __fmaf_rn(job.taps[r], job.constant, outside);
    for (int32_t j = 0; j < job.columns; j++) {
        const int64_t u = fd_border_index(x + j - job.anchor_column, job.width, job.border);
        s = __fmaf_rn(job.across[j], u < 0 ? outside : job.down[(y * job.width + u) * job.channels + k], s);
    }
    store(job, i, s);
}

int fd_convolve(fd_convolve_job job, fd_stream stream)
{
    const int64_t n = (int64_t)job.width * job.height * job.channels;
    const unsigned blocks = fd_blocks(n, FD_THREADS);
    if (!job.across)
        return FD_LAUNCH(direct, blocks, FD_THREADS, stream, job);
    const int error = FD_LAUNCH(sum_down, blocks, FD_THREADS, stream, job);
    return error ? error : FD_LAUNCH(sum_across, blocks, FD_THREADS, stream, job);
}
