/* Box crops against Pillow itself, byte for byte, on both engines; skipped where Debian's python3-pil is not. */
#include <unistd.h>

#include "check.h"
#include "engines.h"
#include "engine/image.h"

enum { WIDTH = 400, HEIGHT = 300, BOXES = 14, PATH = 300 };

/* Enlarged, reduced, both at once, of the same size, one pixel, up to the picture's borders. */
static const int32_t boxes[BOXES][4] = {{0, 0, 400, 300},   {0, 0, 1, 1},       {399, 299, 400, 300}, {10, 20, 170, 180}, {10, 20, 171, 180},
                                        {10, 20, 60, 70},   {100, 0, 400, 33},  {0, 100, 7, 300},     {50, 60, 370, 280}, {1, 1, 3, 300},
                                        {200, 0, 400, 299}, {37, 41, 198, 199}, {0, 0, 320, 300},     {5, 5, 84, 290}};
static const int32_t sizes[][2] = {{160, 160}, {112, 96}};

static char folder[] = "/tmp/facesdist-pil-XXXXXX";

static uint8_t *picture(void)
{
    uint8_t *rgb = malloc(WIDTH * HEIGHT * 3);
    uint32_t seed = 1;
    assert_non_null(rgb);
    for (int k = 0; k < WIDTH * HEIGHT * 3; k++) {
        seed = seed * 1664525u + 1013904223u;
        rgb[k] = k / 3 % WIDTH < 200 ? (uint8_t)(seed >> 24) : (uint8_t)(seed >> 31 ? 255 : 0); /* noise, and edges that overshoot */
    }
    return rgb;
}

static int pillow(const uint8_t *rgb, const int32_t size[2], uint8_t *out)
{
    char in_path[PATH], out_path[PATH], command[4096];
    snprintf(in_path, sizeof in_path, "%s/in", folder);
    snprintf(out_path, sizeof out_path, "%s/out", folder);
    FILE *f = fopen(in_path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(rgb, 1, WIDTH * HEIGHT * 3, f), WIDTH * HEIGHT * 3);
    fclose(f);
    int n =
        snprintf(command, sizeof command, "/usr/bin/python3 '%s/tools/pil_resize.py' %s %d %d %s", TEST_DATA, in_path, WIDTH, HEIGHT, out_path);
    for (int k = 0; k < BOXES; k++)
        n += snprintf(command + n, sizeof command - (size_t)n, " %d,%d,%d,%d,%d,%d", boxes[k][0], boxes[k][1], boxes[k][2], boxes[k][3],
                      size[0], size[1]);
    const int status = system(command);
    if (status == 0) {
        f = fopen(out_path, "rb");
        assert_non_null(f);
        assert_int_equal(fread(out, 3, (size_t)(BOXES * size[0] * size[1]), f), BOXES * size[0] * size[1]);
        fclose(f);
    }
    unlink(in_path);
    unlink(out_path);
    return status;
}

static void cut(const char *device, const uint8_t *rgb, const int32_t size[2], uint8_t *bytes)
{
    const fd_engine_config config = {.isa = "auto"};
    const fd_cut_format format = {size[0], size[1], false, {0, 0, 0}, {1, 1, 1}};
    fd_cut cuts[BOXES];
    fd_engine *engine;
    fd_lane *lane;
    fd_picture *p;
    assert_ok(fd_engine_open(device, &config, &engine));
    assert_ok(fd_lane_open(engine, &lane));
    assert_ok(engine->kind->image->picture_open(lane, rgb, WIDTH, HEIGHT, WIDTH * 3, &p));
    for (int k = 0; k < BOXES; k++) {
        cuts[k] = (fd_cut){.resample = FD_PIL_BILINEAR};
        memcpy(cuts[k].box, boxes[k], sizeof boxes[k]);
    }
    float *out = malloc((size_t)(BOXES * 3 * size[0] * size[1]) * sizeof *out);
    assert_non_null(out);
    assert_ok(engine->kind->image->cuts(lane, &p, cuts, BOXES, &format, out, bytes));
    free(out);
    engine->kind->image->picture_close(p);
    fd_lane_close(lane);
    fd_engine_close(engine);
}

static void test_as_pillow(void **state)
{
    (void)state;
    if (system("/usr/bin/python3 -c 'import PIL' 2>/dev/null") != 0)
        skip();
    uint8_t *rgb = picture();
    assert_non_null(mkdtemp(folder));
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t count = (size_t)(BOXES * 3 * sizes[s][0] * sizes[s][1]);
        uint8_t *wanted = malloc(count), *got = malloc(count);
        assert_true(wanted && got);
        assert_int_equal(pillow(rgb, sizes[s], wanted), 0);
        for (int i = 0; engine_at(i); i++) {
            cut(engine_at(i), rgb, sizes[s], got);
            assert_memory_equal(got, wanted, count);
        }
        free(wanted);
        free(got);
    }
    free(rgb);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_pillow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
