/* Rasters on the GPU: the kernels do it all; windows are sent with the call. */
#include <string.h>

#include "engine/cuda/cuda.h"
#include "kernels/convolve.h"
#include "kernels/invert.h"
#include "kernels/motion.h"

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

static fd_error *motion(fd_lane *base, const fd_motion_frame *f)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = (fd_cuda_lane *)base;
    void *moved;
    FD_TRY(fd_cuda_lane_scratch(base, (size_t)f->width * (size_t)f->height, &moved));
    const fd_motion_job job = {f->width, f->height, f->threshold, f->first, f->rgb, f->gray, moved, f->out, f->mask};
    FD_CUDA(fd_cuda_of(lane), fd_motion(job, fd_cuda_stream(lane)));
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

const fd_raster_table fd_cuda_raster_table = {invert, motion, convolve};
