/* Faces cut out for the embedder under a similarity. */
#ifndef FD_KERNELS_ALIGN_WARP_H
#define FD_KERNELS_ALIGN_WARP_H

#include "kernels/kernel.h"
#include "kernels/math/pixels.h"

FD_C_BEGIN

typedef struct fd_warp {
    fd_pixels picture;
    double map[6]; /* source x = map[0] * x + map[1] * y + map[2], source y = map[3] * x + map[4] * y + map[5] */
    int64_t slot;  /* which face of out and bytes it is */
} fd_warp;

typedef struct fd_warp_format {
    int32_t width, height; /* of the embedder's input */
    int32_t bgr;           /* 1: its channels are blue, green, red */
    float mean[3], std[3]; /* in the order of its channels */
} fd_warp_format;

typedef struct fd_cut_output {
    fd_warp_format format;
    float *input;   /* [faces][3][height][width] = (value - mean) / std */
    uint8_t *bytes; /* [faces][height][width][3]: the values rounded to RGB; may be null */
} fd_cut_output;

/* warps[n]: values bilinear, 0 outside the picture. */
int fd_align_warp(const fd_warp *warps, int64_t n, fd_cut_output out, fd_stream stream);

FD_C_END

#endif
