/* Photographs in the GPU's memory. */
#ifndef FD_ENGINE_CUDA_IMAGE_H
#define FD_ENGINE_CUDA_IMAGE_H

#include "engine/cuda/cuda.h"
#include "kernels/math/pixels.h"

typedef struct fd_cuda_picture {
    fd_picture base;
    fd_cuda_lane *lane;   /* that it was opened on and is used by */
    uint8_t *memory;
    fd_pixels pixels;
} fd_cuda_picture;

static inline const fd_pixels *fd_cuda_pixels(const fd_picture *p)
{
    return &((const fd_cuda_picture *)p)->pixels;
}

fd_error *fd_cuda_cuts(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out,
                       uint8_t *bytes) FD_CHECK;

#endif
