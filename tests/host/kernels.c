/* Each kernel, compiled for the processor, against the reference engine's operator: bit for bit. Run by tests/tools/check_kernels.sh. */
#include <math.h>

#include "check.h"
#include "engine/ref/image.h"
#include "kernels/align_warp.h"
#include "kernels/area_tiles.h"
#include "kernels/candidates.h"
#include "kernels/l2norm.h"
#include "kernels/patches.h"

enum { WIDTH = 97, HEIGHT = 71 };

static fd_engine engine;
static fd_lane lane = {&engine};
static uint8_t rgb[HEIGHT][WIDTH][3];
static fd_picture *picture;
static const fd_pixels pixels = {&rgb[0][0][0], WIDTH * 3, WIDTH, HEIGHT};

static int setup(void **state)
{
    (void)state;
    srand(1);
    for (int k = 0; k < HEIGHT * WIDTH * 3; k++)
        rgb[k / 3 / WIDTH][k / 3 % WIDTH][k % 3] = (uint8_t)rand();
    assert_ok(fd_ref_image.picture_open(&lane, &rgb[0][0][0], WIDTH, HEIGHT, WIDTH * 3, &picture));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fd_ref_image.picture_close(picture);
    return 0;
}

static void test_area_tiles(void **state)
{
    enum { PLANE = 4000 };
    (void)state;
    const fd_tile tile[2] = {{0, 40, 50, 0, 0, 40, 50, 0, 50, PLANE}, {0, 30, 41, 5, 3, 20, 38, 2000, 50, PLANE}};
    static float wanted[3 * PLANE], got[3 * PLANE];
    fd_area_tile job[2];
    for (int k = 0; k < 2; k++)
        job[k] = (fd_area_tile){pixels,         tile[k].level_height, tile[k].level_width, tile[k].y,         tile[k].x,
                                tile[k].height, tile[k].width,        tile[k].offset,      tile[k].row_pitch, tile[k].plane_pitch};
    assert_ok(fd_ref_image.tiles(&lane, &picture, tile, 2, wanted));
    assert_int_equal(fd_area_tiles(job, 2, 40, 50, got, NULL), 0);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static void test_patches(void **state)
{
    enum { PATCHES = 3, SIDE = 24 };
    (void)state;
    const fd_patch patch[PATCHES] = {{0, 0, 0, WIDTH, HEIGHT}, {0, 5, 6, 10, 9}, {0, 90, 1, WIDTH, HEIGHT}};
    static float wanted[PATCHES * 3 * SIDE * SIDE], got[PATCHES * 3 * SIDE * SIDE];
    fd_window_of job[PATCHES];
    for (int k = 0; k < PATCHES; k++)
        job[k] = (fd_window_of){pixels, {patch[k].x1, patch[k].y1, patch[k].x2, patch[k].y2}};
    assert_ok(fd_ref_image.patches(&lane, &picture, patch, PATCHES, SIDE, wanted));
    assert_int_equal(fd_patches(job, PATCHES, SIDE, got, NULL), 0);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static void test_align_warp(void **state)
{
    enum { CUTS = 2, COUNT = CUTS * 3 * 45 * 33 };
    (void)state;
    const fd_cut cut[CUTS] = {{.warp = true, .map = {1.1, -0.3, 4, 0.3, 1.1, -3}}, {.warp = true, .map = {1.1, 0.7, -9, -0.7, 1.1, 30}}};
    const fd_cut_format format = {45, 33, true, {1, 2, 3}, {4, 5, 6}};
    const fd_warp_format same = {45, 33, 1, {1, 2, 3}, {4, 5, 6}};
    static float wanted[COUNT], got[COUNT];
    static uint8_t wanted_bytes[COUNT], got_bytes[COUNT];
    fd_warp job[CUTS];
    for (int k = 0; k < CUTS; k++) {
        job[k].picture = pixels;
        memcpy(job[k].map, cut[k].map, sizeof job[k].map);
        job[k].slot = k;
    }
    assert_ok(fd_ref_image.cuts(&lane, &picture, cut, CUTS, &format, wanted, wanted_bytes));
    assert_int_equal(fd_align_warp(job, CUTS, (fd_cut_output){same, got, got_bytes}, NULL), 0);
    assert_memory_equal(got, wanted, sizeof wanted);
    assert_memory_equal(got_bytes, wanted_bytes, sizeof wanted_bytes);
    memset(got, 0, sizeof got);
    assert_int_equal(fd_align_warp(job, CUTS, (fd_cut_output){same, got, NULL}, NULL), 0);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static void test_l2norm(void **state)
{
    enum { ROWS = 37, DIM = 77 };
    (void)state;
    static float wanted[ROWS][DIM], got[ROWS][DIM];
    for (int k = 0; k < ROWS * DIM; k++)
        wanted[k / DIM][k % DIM] = (float)(rand() % 1000 - 500);
    wanted[5][3] = NAN;
    memset(wanted[9], 0, sizeof wanted[9]);
    memcpy(got, wanted, sizeof wanted);
    assert_ok(fd_ref_image.l2_rows(&lane, &wanted[0][0], ROWS, DIM));
    assert_int_equal(fd_l2norm(&got[0][0], ROWS, DIM, NULL), 0);
    assert_memory_equal(got, wanted, sizeof wanted);
    assert_int_equal(fd_l2norm(&got[0][0], 0, DIM, NULL), 0);
}

/* Regions without rows lie before, between and behind the others. */
static void test_candidates(void **state)
{
    enum { W = 77, H = 19, REGIONS = 5, ROOM = 1000 };
    (void)state;
    static const int height[REGIONS] = {0, H, 0, 7, 0}, width[REGIONS] = {9, W, 5, 40, 3};
    static float prob[H * W + REGIONS], box[4 * H * W + REGIONS];
    fd_region region[REGIONS];
    fd_cells cells[REGIONS];
    int64_t lines = 0, line[2 * H], wanted, got;
    for (int k = 0; k < H * W; k++)
        prob[k] = (float)(rand() % 100) / 100;
    for (int k = 0; k < 4 * H * W; k++)
        box[k] = (float)rand();
    for (int k = 0; k < REGIONS; k++) {
        region[k] = (fd_region){k, 2 * k, 3 * k, height[k], width[k], prob + k, box + k, W, W * H};
        cells[k] = (fd_cells){k, 2 * k, 3 * k, height[k], width[k], prob + k, box + k, W, W * H, lines};
        lines += height[k];
    }
    for (int64_t capacity = 50; capacity <= ROOM; capacity += ROOM - 50) {
        static fd_candidate expected[ROOM];
        static fd_hit hit[ROOM];
        const fd_hits out = {hit, capacity, &got, line};
        assert_ok(fd_ref_image.candidates(&lane, region, REGIONS, 0.9f, expected, capacity, &wanted));
        assert_int_equal(fd_candidates(cells, REGIONS, lines, 0.9f, out, NULL), 0);
        assert_int_equal(got, wanted);
        assert_int_equal(sizeof expected, sizeof hit);
        assert_memory_equal(hit, expected, sizeof hit);
    }
    assert_int_equal(fd_candidates(cells, 0, 0, 0.9f, (fd_hits){NULL, 0, &got, NULL}, NULL), 0);
    assert_int_equal(got, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_area_tiles), cmocka_unit_test(test_patches),    cmocka_unit_test(test_align_warp),
        cmocka_unit_test(test_l2norm),     cmocka_unit_test(test_candidates),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
