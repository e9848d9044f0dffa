/* Rasters on the GPU: the kernels do it all; windows are sent with the call. */
#include <string.h>

#include "engine/cuda/cuda.h"
#include "kernels/convolve.h"
#include "kernels/invert.h"
#include "kernels/motion.h"

enum { FD_LARGEST_BLOCK = 1024 };   /* threads: of every GPU since compute capability 2.0 */

static fd_error *invert(fd_lane *base, const uint8_t *from, uint8_t *to, int64_t bytes, const uint8_t pattern[24])
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    fd_turned turned;
    memcpy(turned.pattern, pattern, sizeof turned.pattern);
    FD_CUDA(fd_cuda_of(lane), fd_invert(from, to, bytes, turned, fd_cuda_stream(lane)));
done:
    return err;
}

static fd_error *invert_grid(fd_lane *base, const fd_thread_grid *launch, int pixel, const uint8_t *from, uint8_t *to, const uint8_t pattern[24])
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    const int64_t blocks = launch->end - launch->begin;
    fd_turned turned;
    memcpy(turned.pattern, pattern, sizeof turned.pattern);
    if (blocks > INT32_MAX || launch->block > FD_LARGEST_BLOCK)
        FD_THROW(FD_UNSUPPORTED, "a GPU starts at most %d blocks of %d threads", INT32_MAX, FD_LARGEST_BLOCK);
    const fd_invert_launch how = {launch->begin, launch->first, launch->last, launch->stride ? launch->grid * launch->block : 0, (uint32_t)blocks, (uint32_t)launch->block,
                                  pixel};
    if (blocks > 0)
        FD_CUDA(fd_cuda_of(lane), fd_invert_grid(how, from, to, turned, fd_cuda_stream(lane)));
done:
    return err;
}

static fd_error *copy(fd_lane *base, void *to, const void *from, size_t bytes)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    FD_CUDA(fd_cuda_of(lane), cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, fd_cuda_stream(lane)));
done:
    return err;
}

static fd_motion_job job_of(const fd_motion_frame *f, uint8_t *moved)
{
    return (fd_motion_job){f->width, f->height, f->threshold, f->first, f->rgb, f->before ? f->before : f->gray, f->gray, moved, f->out, f->mask};
}

static fd_error *motion(fd_lane *base, const fd_motion_frame *f)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    void *moved = NULL;
    const bool one_pass = f->before && f->before != f->gray && f->out != f->rgb;
    if (!one_pass)
        FD_TRY(fd_cuda_lane_scratch(base, (size_t)f->width * (size_t)f->height, &moved));
    const fd_motion_job job = job_of(f, moved);
    FD_CUDA(fd_cuda_of(lane), one_pass ? fd_motion_fused(job, fd_cuda_stream(lane)) : fd_motion(job, fd_cuda_stream(lane)));
done:
    return err;
}

static fd_error *motion_part(fd_lane *base, fd_motion_part part, const fd_motion_frame *f)
{
    static int (*const parts[FD_MOTION_PARTS])(fd_motion_job, fd_stream) = {
        [FD_MOTION_GRAY] = fd_motion_gray, [FD_MOTION_COMPARE] = fd_motion_compare, [FD_MOTION_ERODE] = fd_motion_erode, [FD_MOTION_PAINT] = fd_motion_paint};
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    FD_CUDA(fd_cuda_of(lane), parts[part](job_of(f, f->moved), fd_cuda_stream(lane)));
done:
    return err;
}

static fd_error *convolve(fd_lane *base, const fd_convolution *c, const fd_raster *from, const fd_raster *to)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    const size_t samples = (size_t)from->width * (size_t)from->height * (size_t)from->channels;
    float *taps, *across = NULL;
    void *down = NULL;
    FD_TRY(fd_cuda_send(lane, c->taps, (size_t)c->rows * (size_t)(c->across ? 1 : c->columns) * sizeof *taps, &taps));
    if (c->across) {
        FD_TRY(fd_cuda_send(lane, c->across, (size_t)c->columns * sizeof *across, &across));
        FD_TRY(fd_cuda_lane_scratch(base, samples * sizeof(float), &down));
    }
    const fd_convolve_job job = {from->width, from->height, from->channels, (int32_t)from->type, c->rows, c->columns, c->anchor_row, c->anchor_column,
                                 (int32_t)c->border, c->constant, taps, across, from->data, to->data, down};
    FD_CUDA(fd_cuda_of(lane), fd_convolve(job, fd_cuda_stream(lane)));
done:
    return err;
}

const fd_raster_table fd_cuda_raster_table = {invert, motion, false, motion_part, convolve, invert_grid, FD_LARGEST_BLOCK, copy};
