/* One frame after the other: what moves, painted and measured. */
#ifndef FD_RUN_MOTION_STEP_H
#define FD_RUN_MOTION_STEP_H

#include <stdatomic.h>

#include "base/text.h"
#include "comm/comm.h"
#include "data/decode.h"
#include "engine/raster.h"
#include "run/pictures/regions.h"

/* What a frame's line of the table says. */
typedef struct fd_moved {
    int64_t pixels, area;   /* of the frame; of what moves. pixels 0: the frame could not be read */
    int64_t regions;
} fd_moved;

/* What motion took, part by part and at once, of all frames; several threads add to it. */
typedef struct fd_motion_times {
    atomic_llong part[FD_MOTION_PARTS], whole;   /* nanoseconds */
    atomic_llong pixels, frames;
} fd_motion_times;

/* Set lane, threshold and times; fd_motion_step_free. */
typedef struct fd_motion_step {
    fd_lane *lane;
    int threshold;
    fd_motion_times *times;      /* NULL: only what is needed is computed */
    int32_t width, height;       /* of the frame before; 0: there is none */
    uint8_t *rgb, *mask;         /* in the engine's memory */
    uint8_t *gray[2];            /* of this frame and the one before, in turns */
    uint8_t *painted;            /* rgb itself where the engine works best in place */
    uint8_t *part[4];            /* what the parts make: gray, moved, mask, picture; where times are wanted */
    uint8_t *host_part;          /* their mask and picture */
    int turn;
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

/* The sums over all ranks, on all ranks (collective). */
fd_error *fd_motion_times_sum(fd_comm *c, fd_motion_times *t) FD_CHECK;
/* The times, as a table on standard output. engine: its line. */
fd_error *fd_motion_times_print(const fd_motion_times *t, const char *engine) FD_CHECK;
#define FD_MOTION_TIMES_OPTION                                                                                                                         \
    {"by-stage", 0, FD_OPT_FLAG, "false", NULL, NULL, 0, 0, FD_AFFECTS_RUN, "What is done",                                                             \
     "Also compute each frame in four stages, as one would first write it, check that it comes out the same, and print the times of both ways."}

#define FD_MOTION_FIELDS "moving_pixels\tmoving_share\tregions\tboxes_x1_y1_x2_y2\n"
/* These fields of a line, and its end. */
fd_error *fd_motion_add_fields(fd_string *line, const fd_moved *moved, const fd_regions *regions) FD_CHECK;

#endif
