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
    const uint8_t *before; /* [height][width]: gray of the frame before; may be `gray`, but not for fd_motion_fused */
    uint8_t *gray;        /* [height][width]: of this frame */
    uint8_t *moved;       /* [height][width]: 255 where the gray changed by more than the threshold, before erosion */
    uint8_t *out;         /* [height][width][3], red where it moves after erosion; may be rgb */
    uint8_t *mask;        /* [height][width], 255 there; NULL: not wanted */
} fd_motion_job;

/* In one pass: a block looks at its tile and a pixel around it, and paints the tile. out is not rgb, gray not before: neighbours still read those. `moved` is
 * not used. */
int fd_motion_fused(fd_motion_job job, fd_stream stream);
/* Its parts, one at a time: gray; moved, from gray and before; mask, from moved; out, from rgb and mask. */
int fd_motion_gray(fd_motion_job job, fd_stream stream);
int fd_motion_compare(fd_motion_job job, fd_stream stream);
int fd_motion_erode(fd_motion_job job, fd_stream stream);
int fd_motion_paint(fd_motion_job job, fd_stream stream);

/* In two passes, for a pixel's neighbours must have been looked at before it is painted in place. */
int fd_motion(fd_motion_job job, fd_stream stream);

FD_C_END

#endif
