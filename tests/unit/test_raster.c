/* Rasters on every engine and instruction set: bit for bit what the reference engine gives, which is held to the definitions here. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "each_engine.h"
#include "engine/raster.h"
#include "engine/ref/ref.h"

static fd_engine *engine, *plain;
static fd_lane *lane, *plain_lane;

static int setup_on(const char *device, const char *isa)
{
    assert_ok(fd_engine_open(device, &(fd_engine_config){.isa = isa}, &engine));
    assert_ok(fd_lane_open(engine, &lane));
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &plain));
    assert_ok(fd_lane_open(plain, &plain_lane));
    return 0;
}

static void *room(size_t n)
{
    void *p;
    assert_ok(fd_alloc_aligned(&p, n, 1));
    return p;
}

static uint8_t *random_bytes(size_t n)
{
    static uint32_t seed = 1;
    uint8_t *p = room(n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    return p;
}

/* --- in the engine's memory ---------------------------------------------------------------------------------------------------------- */

static void *there(const void *host, size_t n)
{
    void *p;
    assert_ok(engine->kind->alloc(engine, n, &p));
    assert_ok(engine->kind->upload(lane, p, host, n));
    return p;
}

static void back(void *host, void *p, size_t n)
{
    assert_ok(engine->kind->download(lane, host, p, n));
    assert_ok(engine->kind->lane_sync(lane));
    engine->kind->release(engine, p);
}

static void run_invert(const uint8_t *from, uint8_t *to, size_t shift, size_t n, const uint8_t pattern[24])
{
    uint8_t *a = there(from, n + 8), *b = from == to ? a : there(to, n + 8);
    assert_ok(engine->kind->raster->invert(lane, a + shift, b + shift, (int64_t)n, pattern));
    back(to, b, n + 8);
    if (b != a)
        engine->kind->release(engine, a);
}

/* A frame of host memory; out == rgb: in place. */
static void run_motion(const fd_motion_frame *host)
{
    const size_t n = (size_t)host->width * (size_t)host->height;
    fd_motion_frame f = *host;
    uint8_t *rgb = there(host->rgb, 3 * n);
    f.rgb = rgb;
    f.gray = there(host->gray, n);
    f.out = host->out == host->rgb ? rgb : there(host->out, 3 * n);
    f.mask = host->mask ? there(host->mask, n) : NULL;
    assert_ok(engine->kind->raster->motion(lane, &f));
    back(host->gray, f.gray, n);
    if (host->mask)
        back(host->mask, f.mask, n);
    back(host->out, f.out, 3 * n);
    if (f.out != rgb)
        engine->kind->release(engine, rgb);
}

static void run_convolve(const fd_convolution *c, const fd_raster *from, const fd_raster *to)
{
    const size_t n = (size_t)fd_raster_bytes(from);
    fd_raster a = *from, b = *to;
    a.data = there(from->data, n);
    b.data = there(to->data, n);
    assert_ok(engine->kind->raster->convolve(lane, c, &a, &b));
    back(to->data, b.data, n);
    engine->kind->release(engine, a.data);
}

/* --- invert -------------------------------------------------------------------------------------------------------------------------- */

static void invert_turns_the_bytes_of_the_pattern(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 23, 24, 25, 191, 192, 193, 1000, 4099, ((size_t)16 << 20) + 77};
    uint8_t pattern[24];
    for (int k = 0; k < 24; k++)
        pattern[k] = k % 4 == 3 ? 0 : 255;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t shift = 0; shift < (sizes[s] < 10000 ? 3 : 1); shift++) {
            uint8_t *from = random_bytes(sizes[s] + 8), *to = room(sizes[s] + 8);
            memset(to, 77, sizes[s] + 8);
            run_invert(from, to, shift, sizes[s], pattern);
            size_t wrong = 0;
            for (size_t i = 0; i < sizes[s]; i++)
                wrong += to[shift + i] != (i % 4 == 3 ? from[shift + i] : 255 - from[shift + i]);
            assert_int_equal(wrong, 0);
            assert_int_equal(to[shift + sizes[s]], 77);
            run_invert(to, to, shift, sizes[s], pattern);   /* in place: as it was */
            assert_true(memcmp(to + shift, from + shift, sizes[s]) == 0);
            free(from);
            free(to);
        }
}

/* A launch of one's own, by all blocks at once and by two shares of them: who has which pixel is counted out here, thread by thread. */
static void check_grid(int pixel, int64_t n, fd_thread_grid g)
{
    uint8_t *from = random_bytes((size_t)(n * pixel)), *wanted = room((size_t)(n * pixel)), *got = room((size_t)(n * pixel)), pattern[24];
    for (int k = 0; k < 24; k++)
        pattern[k] = k % pixel == 1 ? 0 : 255;
    memset(wanted, 9, (size_t)(n * pixel));
    memset(got, 9, (size_t)(n * pixel));
    for (int64_t thread = 0; thread < g.grid * g.block; thread++)
        for (int64_t i = g.first + thread; i < g.last; i = g.stride ? i + g.grid * g.block : g.last)
            for (int k = 0; k < pixel; k++)
                wanted[i * pixel + k] = from[i * pixel + k] ^ pattern[k];
    uint8_t *a = there(from, (size_t)(n * pixel)), *b = there(got, (size_t)(n * pixel));
    for (int part = 0; part < 2; part++) {
        g.begin = part ? g.grid / 3 : 0;
        g.end = part ? g.grid : g.grid / 3;
        assert_ok(engine->kind->raster->invert_grid(lane, &g, pixel, a, b, pattern));
    }
    back(got, b, (size_t)(n * pixel));
    engine->kind->release(engine, a);
    assert_memory_equal(got, wanted, (size_t)(n * pixel));
    free(from);
    free(wanted);
    free(got);
}

static void a_launch_turns_what_its_threads_have(void **state)
{
    (void)state;
    const int pixels[] = {1, 3, 4, 6};
    for (int p = 0; p < 4; p++)
        for (int stride = 0; stride < 2; stride++) {
            check_grid(pixels[p], 1000, (fd_thread_grid){.grid = 32, .block = 32, .last = 1000, .stride = stride});
            check_grid(pixels[p], 1000, (fd_thread_grid){.grid = 5, .block = 64, .last = 1000, .stride = stride});
            check_grid(pixels[p], 1000, (fd_thread_grid){.grid = 5, .block = 128, .first = 500, .last = 1000, .stride = stride});
            check_grid(pixels[p], 1000, (fd_thread_grid){.grid = 9, .block = 1, .first = 3, .last = 7, .stride = stride});
            check_grid(pixels[p], 1, (fd_thread_grid){.grid = 1, .block = 1024, .last = 1, .stride = stride});
        }
    assert_true(engine->kind->raster->largest_block >= 1024);
}

static void copies_are_copies(void **state)
{
    (void)state;
    uint8_t *from = random_bytes(5001), *to = room(5001), *a = there(from, 5001), *b = there(to, 5001);
    assert_ok(engine->kind->raster->copy(lane, b, a + 1, 5000));
    back(to, b, 5000);
    engine->kind->release(engine, a);
    assert_memory_equal(to, from + 1, 5000);
    free(from);
    free(to);
}

/* --- motion -------------------------------------------------------------------------------------------------------------------------- */

/* Two frames that differ here and there, in place or not. */
static void check_motion(int32_t width, int32_t height, int threshold, bool in_place)
{
    const size_t n = (size_t)width * (size_t)height;
    uint8_t *rgb = random_bytes(3 * n), *wanted = room(3 * n), *gray[2] = {random_bytes(n), room(n)}, *mask[2] = {room(n), room(n)};
    uint8_t *out = in_place ? room(3 * n) : random_bytes(3 * n);
    for (size_t i = 0; i < n; i++)   /* most of the lower half stands still */
        if (i > n / 2 && rand() % 8)
            gray[0][i] = (uint8_t)((4899 * rgb[3 * i] + 9617 * rgb[3 * i + 1] + 1868 * rgb[3 * i + 2] + 8192) >> 14);
    memcpy(gray[1], gray[0], n);
    memcpy(out, rgb, in_place ? 3 * n : 0);
    for (int first = 0; first < 2; first++) {
        const fd_motion_frame f = {width, height, rgb, gray[0], first, threshold, wanted, mask[0], NULL, NULL};
        const fd_motion_frame g = {width, height, in_place ? out : rgb, gray[1], first, threshold, out, mask[1], NULL, NULL};
        assert_ok(fd_ref_raster.motion(plain_lane, &f));
        run_motion(&g);
        assert_memory_equal(out, wanted, 3 * n);
        assert_memory_equal(gray[0], gray[1], n);
        assert_memory_equal(mask[0], mask[1], n);
        memcpy(out, rgb, in_place ? 3 * n : 0);
    }
    for (int k = 0; k < 2; k++)
        free(gray[k]), free(mask[k]);
    free(rgb);
    free(wanted);
    free(out);
}

/* Gray from one array to another and the picture too, as a GPU does it in one pass; and stage by stage. */
static void check_apart(int32_t width, int32_t height, bool first)
{
    const size_t n = (size_t)width * (size_t)height;
    uint8_t *rgb = random_bytes(3 * n), *gray[2] = {random_bytes(n), room(n)}, *host[4];   /* gray, mask, moved, picture */
    uint8_t *wanted[2] = {room(3 * n), room(n)};
    const size_t size[4] = {n, n, n, 3 * n};
    memcpy(gray[1], gray[0], n);
    const fd_motion_frame f = {width, height, rgb, gray[1], first, 40, wanted[0], wanted[1], NULL, NULL};
    assert_ok(fd_ref_raster.motion(plain_lane, &f));
    for (int parts = 0; parts < 2; parts++) {
        uint8_t *a = there(rgb, 3 * n), *before = there(gray[0], n), *now[4];
        for (int k = 0; k < 4; k++) {
            host[k] = random_bytes(size[k]);
            now[k] = there(host[k], size[k]);
        }
        const fd_motion_frame g = {width, height, a, now[0], first, 40, now[3], now[1], before, now[2]};
        for (int k = 0; k < FD_MOTION_PARTS && parts; k++)
            assert_ok(engine->kind->raster->motion_part(lane, (fd_motion_part)k, &g));
        if (!parts)
            assert_ok(engine->kind->raster->motion(lane, &g));
        for (int k = 0; k < 4; k++)
            back(host[k], now[k], size[k]);
        assert_memory_equal(host[0], gray[1], n);
        assert_memory_equal(host[1], wanted[1], n);
        assert_memory_equal(host[3], wanted[0], 3 * n);
        engine->kind->release(engine, a);
        engine->kind->release(engine, before);
        for (int k = 0; k < 4; k++)
            free(host[k]);
    }
    free(rgb);
    for (int k = 0; k < 2; k++)
        free(gray[k]), free(wanted[k]);
}

static void motion_between_arrays_is_that_of_the_reference(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{1, 1}, {1, 40}, {70, 1}, {64, 16}, {65, 17}, {66, 50}, {197, 31}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int first = 0; first < 2; first++)
            check_apart(sizes[s][0], sizes[s][1], first);
}

static void motion_is_that_of_the_reference(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {31, 7}, {32, 5}, {33, 4}, {34, 3}, {35, 6}, {66, 50}, {197, 31}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int threshold = 0; threshold <= 255; threshold += 51)
            for (int in_place = 0; in_place < 2; in_place++)
                check_motion(sizes[s][0], sizes[s][1], threshold, in_place);
}

/* A block of 5x4 that turned from black to white, at the left edge: erosion takes a row above, one below and the column at the right. */
static void a_block_that_moves_loses_its_rim(void **state)
{
    (void)state;
    enum { W = 12, H = 9 };
    uint8_t rgb[H * W * 3] = {0}, gray[H * W] = {0}, out[H * W * 3], mask[H * W];
    for (int y = 2; y < 6; y++)
        memset(rgb + y * W * 3, 255, 5 * 3);
    rgb[8 * W * 3 + 3 * 9] = 200;   /* a single red pixel: eroded away */
    const fd_motion_frame f = {W, H, rgb, gray, false, 25, out, mask, NULL, NULL};
    run_motion(&f);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const uint8_t wanted = y >= 3 && y < 5 && x < 4 ? 255 : 0;
            assert_int_equal(mask[y * W + x], wanted);
            assert_int_equal(out[(y * W + x) * 3], wanted | rgb[(y * W + x) * 3]);
        }
    assert_int_equal(gray[2 * W], 255);
    assert_int_equal(gray[8 * W + 9], 60);   /* (4899 * 200 + 8192) >> 14 */
}

/* A change of exactly the threshold does not move; one more does. */
static void the_threshold_is_not_motion(void **state)
{
    (void)state;
    for (int change = 25; change <= 26; change++) {
        const uint8_t level = (uint8_t)(100 + change), rgb[] = {level, level, level};
        uint8_t gray[] = {100}, out[3], mask[1];
        const fd_motion_frame f = {1, 1, rgb, gray, false, 25, out, mask, NULL, NULL};
        run_motion(&f);
        assert_int_equal(mask[0], change > 25 ? 255 : 0);
    }
}

/* --- convolve ------------------------------------------------------------------------------------------------------------------------ */

static void fill(const fd_raster *r)
{
    const int64_t n = (int64_t)r->width * r->height * r->channels;
    for (int64_t i = 0; i < n; i++)
        if (r->type == FD_SAMPLE_U8)
            ((uint8_t *)r->data)[i] = (uint8_t)(rand() >> 5);
        else if (r->type == FD_SAMPLE_U16)
            ((uint16_t *)r->data)[i] = (uint16_t)(rand() >> 5);
        else
            ((float *)r->data)[i] = (float)(rand() % 20001 - 10000) / 7;
}

static void check_convolve(const fd_raster *shape, const fd_convolution *c)
{
    fd_raster from = *shape, wanted = *shape, got = *shape;
    const size_t bytes = (size_t)fd_raster_bytes(shape);
    from.data = room(bytes), wanted.data = room(bytes), got.data = room(bytes);
    fill(&from);
    assert_ok(fd_ref_raster.convolve(plain_lane, c, &from, &wanted));
    run_convolve(c, &from, &got);
    assert_memory_equal(got.data, wanted.data, bytes);
    free(from.data);
    free(wanted.data);
    free(got.data);
}

static void sums_are_those_of_the_reference(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{1, 1}, {3, 2}, {17, 9}, {130, 5}};
    const int32_t windows[][4] = {{1, 1, 0, 0}, {3, 3, 1, 1}, {2, 5, 0, 4}, {15, 15, 7, 7}, {4, 1, 3, 0}};
    float taps[225], across[15];
    for (int k = 0; k < 225; k++)
        taps[k] = (float)(rand() % 2001 - 1000) / 777;
    for (int k = 0; k < 15; k++)
        across[k] = (float)(rand() % 2001 - 1000) / 777;
    for (int s = 0; s < 4; s++)
        for (int w = 0; w < 5; w++)
            for (int border = 0; border < 5; border++)
                for (int type = 0; type < 3; type++)
                    for (int separate = 0; separate < 2; separate++) {
                        const fd_raster shape = {NULL, sizes[s][0], sizes[s][1], 1 + (s + w) % 4, (fd_sample_type)type};
                        const fd_convolution c = {windows[w][0], windows[w][1], windows[w][2], windows[w][3], taps,
                                                  separate ? across : NULL, (fd_border)border, 12.5f};
                        check_convolve(&shape, &c);
                    }
}

/* Whole numbers: what must come out is known to the bit. */
static void small_sums_are_exact(void **state)
{
    (void)state;
    uint8_t from[] = {10, 20, 250}, to[3];
    const fd_raster a = {from, 3, 1, 1, FD_SAMPLE_U8}, b = {to, 3, 1, 1, FD_SAMPLE_U8};
    const struct { float taps[3]; fd_border border; uint8_t wanted[3]; } rows[] = {
        {{0, 1, 0}, FD_BORDER_REFLECT, {10, 20, 250}},  {{1, 0, 0}, FD_BORDER_REFLECT, {10, 10, 20}}, {{1, 0, 0}, FD_BORDER_CONSTANT, {7, 10, 20}},
        {{1, 0, 0}, FD_BORDER_NEAREST, {10, 10, 20}},   {{1, 0, 0}, FD_BORDER_MIRROR, {20, 10, 20}}, {{0, 0, 1}, FD_BORDER_WRAP, {20, 250, 10}},
        {{1, 1, 1}, FD_BORDER_REFLECT, {40, 255, 255}}, {{-1, 0, 0}, FD_BORDER_WRAP, {0, 0, 0}},      {{0, 0.25f, 0}, FD_BORDER_WRAP, {2, 5, 62}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const fd_convolution c = {1, 3, 0, 1, rows[r].taps, NULL, rows[r].border, 7};
        run_convolve(&c, &a, &b);
        assert_memory_equal(to, rows[r].wanted, 3);
    }
}

static int run_all(const char *device, const char *isa)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invert_turns_the_bytes_of_the_pattern),
        cmocka_unit_test(a_launch_turns_what_its_threads_have),
        cmocka_unit_test(copies_are_copies),
        cmocka_unit_test(motion_is_that_of_the_reference),
        cmocka_unit_test(motion_between_arrays_is_that_of_the_reference),
        cmocka_unit_test(a_block_that_moves_loses_its_rim),
        cmocka_unit_test(the_threshold_is_not_motion),
        cmocka_unit_test(sums_are_those_of_the_reference),
        cmocka_unit_test(small_sums_are_exact),
    };
    print_message("--- %s, %s\n", device, isa);
    setup_on(device, isa);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fd_lane_close(lane);
    fd_lane_close(plain_lane);
    fd_engine_close(engine);
    fd_engine_close(plain);
    return failed;
}

int main(void)
{
    return each_engine(run_all);
}
