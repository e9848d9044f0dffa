/* Convolution of float pictures, direct: the work grows with the square of the window, the memory traffic stays. */
#include "run/bench/rasters.h"
#include "run/bench/suite.h"

enum { MOST = 15 };

static fd_error *convolve(const fd_raster_series *self, fd_lane *lane, const fd_raster *from, const fd_raster *to, void *more)
{
    float taps[MOST * MOST];
    const int n = self->taps;
    (void)more;
    for (int i = 0; i < n * n; i++)
        taps[i] = 1.0F / (float)(n * n + i);
    const fd_convolution c = {.rows = n, .columns = n, .anchor_row = n / 2, .anchor_column = n / 2, .taps = taps, .border = FD_BORDER_REFLECT};
    return lane->engine->kind->raster->convolve(lane, &c, from, to);
}

static fd_error *run(fd_session *s)
{
    static const fd_raster_series series[] = {
        {"conv", "3x3", 18, 1, FD_SAMPLE_F32, 8, false, convolve, 3},
        {"conv", "5x5", 50, 1, FD_SAMPLE_F32, 8, false, convolve, 5},
        {"conv", "15x15", 450, 1, FD_SAMPLE_F32, 8, false, convolve, 15},
    };
    return fd_rasters_run(s, series, 3);
}

const fd_suite fd_suite_conv = {
    .name = "conv",
    .title = "Convolution",
    .size = "Mpx of a picture",
    .item = "pictures",
    .rate = FD_RATE_OPERATIONS,
    .text = "Every pixel becomes a weighted sum of its neighbours: blurring, sharpening, finding edges. A window of 3x3 takes 18 operations a "
            "pixel, one of 15x15 takes 450, "
            "while the picture is read and written once in both cases. So the three curves walk along the roofline, from the part that memory "
            "rules to the part that "
            "arithmetic rules. Pictures are gray, float32; each thread has its own.",
    .run = run,
};
