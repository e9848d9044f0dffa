/* Operators on rasters: pictures and frames of any depth, in the engine's memory, tightly packed. */
#ifndef FD_ENGINE_RASTER_H
#define FD_ENGINE_RASTER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/* [height][width][channels] of uint8, uint16 or float. width, height, channels: 1 or more. */
typedef enum fd_sample_type { FD_SAMPLE_U8, FD_SAMPLE_U16, FD_SAMPLE_F32 } fd_sample_type;
typedef struct fd_raster { void *data; int32_t width, height, channels; fd_sample_type type; } fd_raster;
int64_t fd_raster_bytes(const fd_raster *r);
/* Sample i of a raster in host memory. Whole numbers are rounded to nearest, ties to even, and clamped; NaN is 0. */
float fd_raster_get(const fd_raster *r, int64_t i);
void fd_raster_put(const fd_raster *r, int64_t i, float value);

/* Motion between neighbouring frames of one size, by kernels/math/motion.h. */
typedef struct fd_motion_frame {
    int32_t width, height;
    const uint8_t *rgb;      /* [height][width][3] */
    uint8_t *gray;           /* [height][width]: of the frame before, then of this one */
    bool first;              /* there is no frame before: nothing moves */
    int threshold;           /* a change of more grey levels moves */
    uint8_t *out;            /* [height][width][3], red where it moves; may be rgb itself */
    uint8_t *mask;           /* [height][width]: 255 where it moves after erosion, else 0; NULL: not wanted */
    const uint8_t *before;   /* [height][width]: gray of the frame before, where it is not in `gray`; NULL: it is. A GPU needs one pass where this is there
                              * and out is not rgb, else two */
    uint8_t *moved;          /* [height][width] of motion_part alone: 255 where it moves before erosion */
} fd_motion_frame;

/* The parts of motion, one at a time, as one would first write it: from rgb to gray; from gray and before (not NULL) to moved; from moved to mask (not NULL);
 * from rgb and mask to out. One after the other they give what `motion` gives. */
typedef enum fd_motion_part { FD_MOTION_GRAY, FD_MOTION_COMPARE, FD_MOTION_ERODE, FD_MOTION_PAINT, FD_MOTION_PARTS } fd_motion_part;

/* A launch as a GPU knows it, `grid` blocks of `block` threads: thread k turns pixel first + k, if that lies before `last`, and with `stride` each
 * grid * block-th pixel from there on. One call runs the blocks begin .. end - 1 of the grid, so that several lanes can share it. */
typedef struct fd_thread_grid {
    int64_t grid, block;
    int64_t first, last;     /* pixels */
    int64_t begin, end;
    bool stride;
} fd_thread_grid;

/* What lies beyond the picture, as scipy.ndimage names it. */
typedef enum fd_border {
    FD_BORDER_REFLECT,       /* d c b a | a b c d | d c b a */
    FD_BORDER_CONSTANT,      /* k k k k | a b c d | k k k k */
    FD_BORDER_NEAREST,       /* a a a a | a b c d | d d d d */
    FD_BORDER_MIRROR,        /* d c b | a b c d | c b a */
    FD_BORDER_WRAP           /* a b c d | a b c d | a b c d */
} fd_border;

/* Every sample becomes the sum of taps[i][j] times the sample at (y + i - rows / 2, x + j - columns / 2) of its channel: a correlation; for a
 * convolution the caller turns the taps and moves the anchor. The sum is float32, one fused multiply-add after the other in the order of the taps,
 * beginning at 0. uint8 and uint16 results are rounded to nearest, ties to even, and clamped. Rows and columns separate when `across` is there: then
 * the sum down each column by `taps` [rows] comes first (rounded to float32), and the sum along the row by `across` [columns] after it. */
typedef struct fd_convolution {
    int32_t rows, columns;
    int32_t anchor_row, anchor_column;   /* the tap that lies on the pixel itself */
    const float *taps;                   /* host: [rows][columns]; [rows] when `across` is there */
    const float *across;                 /* host: [columns] or NULL */
    fd_border border;
    float constant;                      /* of FD_BORDER_CONSTANT */
} fd_convolution;

/* The same sums by the library that the engine's networks run on (oneDNN, cuDNN): each channel is a picture of its own, with what lies beyond its border around it. The
 * order of a sum is the library's. All taps in `taps`, none in `across`; from and to in host memory, of one shape. */
fd_error *fd_convolve_by_library(fd_lane *lane, const fd_convolution *c, const fd_raster *from, const fd_raster *to) FD_CHECK;

typedef struct fd_raster_table {
    /* to[i] = from[i] ^ pattern[i % 24]: largest value less the sample, in the channels whose bytes of the pattern are 255. 24 bytes hold whole pixels
     * of 1, 2, 3, 4, 6 or 8 bytes. `to` may be `from`. */
    fd_error *(*invert)(fd_lane *lane, const uint8_t *from, uint8_t *to, int64_t bytes, const uint8_t pattern[24]);
    fd_error *(*motion)(fd_lane *lane, const fd_motion_frame *frame);
    bool motion_in_place;   /* motion is fastest where out is rgb; else where it is not, and `before` is there */
    fd_error *(*motion_part)(fd_lane *lane, fd_motion_part part, const fd_motion_frame *frame);
    /* from and to: same size, channels and type, not overlapping. */
    fd_error *(*convolve)(fd_lane *lane, const fd_convolution *c, const fd_raster *from, const fd_raster *to);
    /* invert of pixels of 1, 2, 3, 4, 6 or 8 bytes by a launch of one's own: pixels that no thread has are left alone. `to` is not `from`. */
    fd_error *(*invert_grid)(fd_lane *lane, const fd_thread_grid *launch, int pixel, const uint8_t *from, uint8_t *to, const uint8_t pattern[24]);
    int64_t largest_block;   /* threads of a block, at most */
    fd_error *(*copy)(fd_lane *lane, void *to, const void *from, size_t bytes);   /* as fast as this memory is copied; not overlapping */
} fd_raster_table;

#endif
