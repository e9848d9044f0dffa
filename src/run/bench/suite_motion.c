/* Motion between frames: gray, difference, threshold, erosion, marking, in one pass. */
#include "run/bench/rasters.h"
#include "run/bench/suite.h"

/* 7 for the gray value (three products, three additions, a shift), 2 for the difference, 1 for the threshold, 8 for the erosion, 1 for the
 * mark. */
enum { PIXEL_OPERATIONS = 19 };

static fd_error *motion(const fd_raster_series *self, fd_lane *lane, const fd_raster *from, const fd_raster *to, void *more)
{
    (void)self;
    const fd_motion_frame f = {.width = from->width, .height = from->height, .rgb = from->data, .gray = more, .threshold = 25, .out = to->data};
    return lane->engine->kind->raster->motion(lane, &f);
}

static fd_error *run(fd_session *s)
{
    static const fd_raster_series series = {"motion", "frames in memory", PIXEL_OPERATIONS, 3, FD_SAMPLE_U8, 8, false, motion, 0};
    return fd_rasters_run(s, &series, 1);
}

const fd_suite fd_suite_motion = {
    .name = "motion",
    .title = "Motion between frames",
    .size = "Mpx of a frame",
    .item = "frames",
    .rate = FD_RATE_ITEMS,
    .text = "A frame becomes gray, is compared with the frame before, and where the difference is large and not a single pixel's, the picture "
            "is marked red: five steps of "
            "image processing with some twenty operations for each pixel. Done one after the other they would read and write the frame five "
            "times; here they are fused into one "
            "pass. Each thread has frames of its own. Full HD video is 2 Mpx: the frames per second there say how many cameras one machine can "
            "follow.",
    .run = run,
};
