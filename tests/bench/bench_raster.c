/* Rasters against the rate of a copy: seconds of each, one thread, the least of many runs. Run by jobs.sh beside OpenCV.
 *
 *     bench_raster [--isa NAME]       prints lines "name seconds"
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bench.h"
#include "engine/raster.h"

enum { WIDTH = 1920, HEIGHT = 1080, LARGE = 300000000 };

static fd_engine *engine;
static fd_lane *lane;
static const fd_raster_table *raster;

static void *room(size_t n)
{
    void *p;
    bench_must(fd_alloc_aligned(&p, n, 1));
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)p)[i] = (uint8_t)(i * 2654435761u >> 13);
    return p;
}

/* Runs the statement for about a second; prints its least time. */
#define TIME(name, statement)                                        \
    do {                                                             \
        double least_ = 1e9, start_ = bench_now();                      \
        for (int i_ = 0; i_ < 5 || bench_now() - start_ < 1; i_++) {    \
            const double mark_ = bench_now();                           \
            statement;                                               \
            least_ = bench_now() - mark_ < least_ ? bench_now() - mark_ : least_; \
        }                                                            \
        printf("%s %.6f\n", name, least_);                           \
    } while (0)

static void bench_invert(void)
{
    uint8_t pattern[24], *a = room(LARGE), *b = room(LARGE);
    memset(pattern, 255, sizeof pattern);
    TIME("copy", memcpy(b, a, LARGE));
    TIME("invert", bench_must(raster->invert(lane, a, b, LARGE, pattern)));
    TIME("invert_in_place", bench_must(raster->invert(lane, a, a, LARGE, pattern)));
    free(a);
    free(b);
}

/* Frames one after the other, as a camera gives them: a tenth of the picture moves, or all of it. */
static void bench_motion(const char *name, int part)
{
    enum { FRAMES = 8 };
    const size_t n = (size_t)WIDTH * HEIGHT;
    uint8_t *frame[FRAMES], *gray = room(n);
    for (int k = 0; k < FRAMES; k++) {
        frame[k] = room(3 * n);
        memset(frame[k], 60 * (k % 4), 3 * n / (size_t)part);
    }
    int k = 0;
    fd_motion_frame f = {WIDTH, HEIGHT, NULL, gray, false, 25, NULL, NULL, NULL, NULL};
    TIME(name, (f.rgb = frame[k], f.out = frame[k], k = (k + 1) % FRAMES, bench_must(raster->motion(lane, &f))));
    for (int i = 0; i < FRAMES; i++)
        free(frame[i]);
    free(gray);
}

static void bench_convolve(int size)
{
    char name[32];
    float *taps = room(sizeof(float) * 225), *a = room(sizeof(float) * WIDTH * HEIGHT), *b = room(sizeof(float) * WIDTH * HEIGHT);
    for (int64_t i = 0; i < (int64_t)WIDTH * HEIGHT; i++)
        a[i] = (float)(i % 251);
    for (int i = 0; i < size * size; i++)
        taps[i] = 1.0f / (float)(size * size + i);
    const fd_raster from = {a, WIDTH, HEIGHT, 1, FD_SAMPLE_F32}, to = {b, WIDTH, HEIGHT, 1, FD_SAMPLE_F32};
    const fd_convolution c = {.rows = size, .columns = size, .anchor_row = size / 2, .anchor_column = size / 2, .taps = taps};
    snprintf(name, sizeof name, "convolve_%d", size);
    TIME(name, bench_must(raster->convolve(lane, &c, &from, &to)));
    free(taps);
    free(a);
    free(b);
}

int main(int argc, char **argv)
{
    const fd_engine_config config = {.isa = argc > 2 && !strcmp(argv[1], "--isa") ? argv[2] : "auto"};
    bench_must(fd_engine_open("cpu", &config, &engine));
    bench_must(fd_lane_open(engine, &lane));
    raster = engine->kind->raster;
    bench_invert();
    bench_motion("motion_tenth", 10);
    bench_motion("motion_all", 1);
    bench_convolve(3);
    bench_convolve(5);
    bench_convolve(15);
    fd_lane_close(lane);
    fd_engine_close(engine);
    return 0;
}
