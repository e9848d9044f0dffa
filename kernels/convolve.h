/* Windows over pictures. */
#ifndef FD_KERNELS_CONVOLVE_H
#define FD_KERNELS_CONVOLVE_H

#include "kernels/kernel.h"
#include "kernels/math/border.h"

FD_C_BEGIN

/* Samples [height][width][channels]; type 0: uint8, 1: uint16, 2: float (as engine/raster.h). */
typedef struct fd_convolve_job {
    int32_t width, height, channels, type;
    int32_t rows, columns, anchor_row, anchor_column;
    int32_t border;         /* the rules of kernels/math/border.h */
    float constant;
    const float *taps;      /* [rows][columns]; [rows] where `across` is there */
    const float *across;    /* [columns] or NULL */
    const void *from;
    void *to;
    float *down;            /* [height][width][channels] of scratch where `across` is there */
} fd_convolve_job;

/* Sums by fused multiply-adds in the order of the taps; see engine/raster.h. */
int fd_convolve(fd_convolve_job job, fd_stream stream);

FD_C_END

#endif
