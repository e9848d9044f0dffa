/* Motion between two frames. */
#ifndef FD_KERNELS_MOTION_H
#define FD_KERNELS_MOTION_H

#include "kernels/kernel.h"
#include "kernels/math/motion.h"

FD_C_BEGIN

typedef struct fd_motion_job {
    int32_t width, height, threshold;
    int32_t first;        /* 1: there is no frame before */
    const uint8_t *rgb;   /* [height][width][3] */
    uint8_t *gray;        /* [height][width]: of the frame before, then of this one */
    uint8_t *moved;       /* [height][width]: 255 where the gray changed by more than the threshold, before erosion */
    uint8_t *out;         /* [height][width][3], red where it moves after erosion; may be rgb */
    uint8_t *mask;        /* [height][width], 255 there; NULL: not wanted */
} fd_motion_job;

/* In two passes, for a pixel's neighbours must have been looked at before it is painted in place. */
int fd_motion(fd_motion_job job, fd_stream stream);

FD_C_END

#endif
