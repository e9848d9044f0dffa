/* Inverting: one operation for each byte, so that memory is all that counts. */
#include <string.h>

#include "run/bench/rasters.h"
#include "run/bench/suite.h"

static fd_error *invert(const fd_raster_series *self, fd_lane *lane, const fd_raster *from, const fd_raster *to, void *more)
{
    uint8_t pattern[24];
    (void)self, (void)more;
    memset(pattern, 255, sizeof pattern);
    return lane->engine->kind->raster->invert(lane, from->data, to->data, fd_raster_bytes(from), pattern);
}

static fd_error *run(fd_session *s)
{
    static const fd_raster_series series[] = {
        {"invert", "out of place", 3, 3, FD_SAMPLE_U8, 6, false, invert, 0},
        {"invert", "in place", 3, 3, FD_SAMPLE_U8, 6, true, invert, 0},
    };
    return fd_rasters_run(s, series, 2);
}

const fd_suite fd_suite_invert = {
    .name = "invert",
    .title = "Inverting pictures",
    .size = "Mpx of a picture",
    .item = "pictures",
    .rate = FD_RATE_BYTES,
    .text = "Every sample x of an RGB picture becomes 255 - x: one operation for each byte that is read and written. No arithmetic is to be "
            "saved or sped up here; a "
            "device is as fast as its memory, and a GPU with its own memory pays more for the way there and back than the work is worth. Sizes "
            "that fit a cache run "
            "above the rate of the triad. Each thread inverts a picture of its own.",
    .run = run,
};
