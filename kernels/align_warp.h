/* Faces cut out for the embedder under a similarity. */
#ifndef FD_KERNELS_ALIGN_WARP_H
#define FD_KERNELS_ALIGN_WARP_H

#include "kernels/kernel.h"
#include "kernels/math/pixels.h"

FD_C_BEGIN

typedef struct fd_warp {
    fd_pixels picture;
    double map[6]; /* source x = map[0] * x + map[1] * y + map[2], source y = map[3] * x + map[4] * y + map[5] */
} fd_warp;

typedef struct fd_warp_format {
    int32_t width, height; /* of the embedder's input */
    int32_t bgr;           /* 1: its channels are blue, green, red */
    float mean[3], std[3]; /* in the order of its channels */
} fd_warp_format;

/* out[n][3][height][width] = (value - mean) / std, values bilinear and 0 outside the picture; bytes (may be null): [n][height][width][3], the
 * values rounded to RGB. */
int fd_align_warp(const fd_warp *warps, int64_t n, fd_warp_format format, float *out, uint8_t *bytes, fd_stream stream);

FD_C_END

#endif
