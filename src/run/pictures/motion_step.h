/* One frame after the other: what moves, painted and measured. */
#ifndef FD_RUN_MOTION_STEP_H
#define FD_RUN_MOTION_STEP_H

#include "base/text.h"
#include "data/decode.h"
#include "engine/raster.h"
#include "run/pictures/regions.h"

/* What a frame's line of the table says. */
typedef struct fd_moved {
    int64_t pixels, area;   /* of the frame; of what moves. pixels 0: the frame could not be read */
    int64_t regions;
} fd_moved;

/* Set lane and threshold; fd_motion_step_free. */
typedef struct fd_motion_step {
    fd_lane *lane;
    int threshold;
    int32_t width, height;       /* of the frame before; 0: there is none */
    uint8_t *rgb, *gray, *mask;  /* in the engine's memory */
    uint8_t *host_mask;          /* [height][width] of the frame at hand: 255 where it moves */
    fd_regions regions;          /* of that mask, once measured */
} fd_motion_step;

/* Paints an RGB8 image red where it differs from the one before and fills host_mask; of another size than the one before, nothing moves. */
fd_error *fd_motion_compute(fd_motion_step *s, fd_image *image) FD_CHECK;
/* The regions of the mask at hand and their sums. */
fd_error *fd_motion_measure(fd_motion_step *s, fd_moved *out) FD_CHECK;
/* The next frame has nothing before it. */
void fd_motion_step_forget(fd_motion_step *s);
void fd_motion_step_free(fd_motion_step *s);

#define FD_MOTION_FIELDS "moving_pixels\tmoving_share\tregions\tboxes_x1_y1_x2_y2\n"
/* These fields of a line, and its end. */
fd_error *fd_motion_add_fields(fd_string *line, const fd_moved *moved, const fd_regions *regions) FD_CHECK;

#endif
