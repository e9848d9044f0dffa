/* Suites of pictures: sizes that grow, a picture for each thread. */
#ifndef FD_RUN_BENCH_RASTERS_H
#define FD_RUN_BENCH_RASTERS_H

#include "engine/raster.h"
#include "run/bench/session.h"

/* One curve of such a suite. */
typedef struct fd_raster_series {
    const char *suite, *name;
    double pixel_operations; /* for each sample of the picture (for motion: pixel) */
    int channels; /* of the picture */
    fd_sample_type type;
    double bytes; /* that must move for each pixel: read and written */
    bool in_place; /* the result takes the picture's place */
    /* One picture: from and to are the engine's memory of this thread; `more` is as large as one channel of bytes. */
    fd_error *(*run)(const struct fd_raster_series *self, fd_lane *lane, const fd_raster *from, const fd_raster *to, void *more);
    int taps; /* of a convolution: rows and columns */
} fd_raster_series;

/* All sizes of some curves, on all devices. */
fd_error *fd_rasters_run(fd_session *s, const fd_raster_series *series, int n) FD_CHECK;

#endif
