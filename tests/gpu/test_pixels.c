/* Kernels that read photographs, against the reference engine's operators: bit for bit. */
#include "device.h"

#include "engine/ref/image.h"
#include "kernels/align_warp.h"
#include "kernels/area_tiles.h"
#include "kernels/box_crop.h"
#include "kernels/patches.h"

enum { WIDTH = 97, HEIGHT = 71 };

static fd_engine engine;
static fd_lane lane = {&engine};
static uint8_t rgb[HEIGHT][WIDTH][3];
static fd_picture *picture;

/* The photograph for ref, and as kernels see it. */
static fd_pixels take_picture(void)
{
    uint32_t seed = 1;
    for (int k = 0; k < HEIGHT * WIDTH * 3; k++)
        rgb[k / 3 / WIDTH][k / 3 % WIDTH][k % 3] = (uint8_t)draw(&seed);
    if (!picture)
        assert_ok(fd_ref_image.picture_open(&lane, &rgb[0][0][0], WIDTH, HEIGHT, WIDTH * 3, &picture));
    return (fd_pixels){on_device(rgb, sizeof rgb), WIDTH * 3, WIDTH, HEIGHT};
}

static void test_area_tiles(void **state)
{
    enum { PLANE = 4000 };
    (void)state;
    const fd_pixels pixels = take_picture();
    const fd_tile tile[2] = {{0, 40, 50, 0, 0, 40, 50, 0, 50, PLANE}, {0, 30, 41, 5, 3, 20, 38, 2000, 50, PLANE}};
    static float wanted[3 * PLANE], got[3 * PLANE];
    fd_area_tile job[2];
    for (int k = 0; k < 2; k++)
        job[k] = (fd_area_tile){pixels,         tile[k].level_height, tile[k].level_width, tile[k].y,         tile[k].x,
                                tile[k].height, tile[k].width,        tile[k].offset,      tile[k].row_pitch, tile[k].plane_pitch};
    memset(wanted, 0xff, sizeof wanted);
    assert_ok(fd_ref_image.tiles(&lane, &picture, tile, 2, wanted));
    float *out = on_device(NULL, sizeof got);
    assert_cuda(fd_area_tiles(on_device(job, sizeof job), 2, 40, 50, out, stream));
    from_device(got, out, sizeof got);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static void test_patches(void **state)
{
    enum { PATCHES = 3, SIDE = 24 };
    (void)state;
    const fd_pixels pixels = take_picture();
    const fd_patch patch[PATCHES] = {{0, 0, 0, WIDTH, HEIGHT}, {0, 5, 6, 10, 9}, {0, 90, 1, WIDTH, HEIGHT}};
    static float wanted[PATCHES * 3 * SIDE * SIDE], got[PATCHES * 3 * SIDE * SIDE];
    fd_window_of job[PATCHES];
    for (int k = 0; k < PATCHES; k++)
        job[k] = (fd_window_of){pixels, {patch[k].x1, patch[k].y1, patch[k].x2, patch[k].y2}};
    assert_ok(fd_ref_image.patches(&lane, &picture, patch, PATCHES, SIDE, wanted));
    float *out = on_device(NULL, sizeof got);
    assert_cuda(fd_patches(on_device(job, sizeof job), PATCHES, SIDE, out, stream));
    from_device(got, out, sizeof got);
    assert_memory_equal(got, wanted, sizeof wanted);
}

static void test_align_warp(void **state)
{
    enum { CUTS = 2, COUNT = CUTS * 3 * 45 * 33 };
    (void)state;
    const fd_pixels pixels = take_picture();
    const fd_cut cut[CUTS] = {{.warp = true, .map = {1.1, -0.3, 4, 0.3, 1.1, -3}}, {.warp = true, .map = {1.1, 0.7, -9, -0.7, 1.1, 30}}};
    const fd_cut_format format = {45, 33, true, {1, 2, 3}, {4, 5, 6}};
    const fd_warp_format same = {45, 33, 1, {1, 2, 3}, {4, 5, 6}};
    static float wanted[COUNT], got[COUNT];
    static uint8_t wanted_bytes[COUNT], got_bytes[COUNT];
    fd_warp job[CUTS];
    for (int k = 0; k < CUTS; k++) {
        const int slot = CUTS - 1 - k;   /* in whatever order they come */
        job[k] = (fd_warp){.picture = pixels, .slot = slot};
        memcpy(job[k].map, cut[slot].map, sizeof job[k].map);
    }
    assert_ok(fd_ref_image.cuts(&lane, &picture, cut, CUTS, &format, wanted, wanted_bytes));
    fd_cut_output out = {same, on_device(NULL, sizeof got), on_device(NULL, sizeof got_bytes)};
    assert_cuda(fd_align_warp(on_device(job, sizeof job), CUTS, out, stream));
    from_device(got, out.input, sizeof got);
    from_device(got_bytes, out.bytes, sizeof got_bytes);
    assert_memory_equal(got, wanted, sizeof wanted);
    assert_memory_equal(got_bytes, wanted_bytes, sizeof wanted_bytes);
    out = (fd_cut_output){same, on_device(NULL, sizeof got), NULL};
    assert_cuda(fd_align_warp(on_device(job, sizeof job), CUTS, out, stream));
    from_device(got, out.input, sizeof got);
    assert_memory_equal(got, wanted, sizeof wanted);
}

/* Boxes larger and smaller than the crop, at the picture's edges, one empty; a wide crop and a square one. */
static void test_box_crops(void **state)
{
    enum { CROPS = 5, MOST = CROPS * 3 * 40 * 40 };
    (void)state;
    const fd_pixels pixels = take_picture();
    static const int32_t box[CROPS][4] = {{0, 0, WIDTH, HEIGHT}, {10, 20, 25, 31}, {96, 70, 97, 71}, {5, 5, 5, 30}, {40, 3, 97, 9}};
    static float wanted[MOST], got[MOST];
    static uint8_t wanted_bytes[MOST], got_bytes[MOST];
    for (int kind = FD_CROP_BILINEAR; kind <= FD_CROP_AREA; kind++)
        for (int32_t height = 20; height <= 40; height += 20) {
            const fd_cut_format format = {40, height, true, {1, 2, 3}, {4, 5, 6}};
            const size_t count = (size_t)CROPS * 3 * 40 * (size_t)height;
            fd_cut cut[CROPS];
            fd_crop job[CROPS];
            int64_t scratch = 0;
            for (int k = 0; k < CROPS; k++) {
                const int32_t *b = box[k];
                cut[k] = (fd_cut){.box = {b[0], b[1], b[2], b[3]}, .resample = (fd_resample)kind};
                job[CROPS - 1 - k] = (fd_crop){pixels, {b[0], b[1], b[2], b[3]}, k, scratch};
                scratch += (int64_t)(b[3] - b[1]) * 40 * 3;
            }
            assert_ok(fd_ref_image.cuts(&lane, &picture, cut, CROPS, &format, wanted, wanted_bytes));
            const fd_cut_output out = {{40, height, 1, {1, 2, 3}, {4, 5, 6}}, on_device(NULL, count * sizeof *got), on_device(NULL, count)};
            assert_cuda(fd_box_crops(on_device(job, sizeof job), CROPS, HEIGHT, kind, out, on_device(NULL, (size_t)scratch), stream));
            from_device(got, out.input, count * sizeof *got);
            from_device(got_bytes, out.bytes, count);
            assert_memory_equal(got, wanted, count * sizeof *got);
            assert_memory_equal(got_bytes, wanted_bytes, count);
        }
    fd_ref_image.picture_close(picture);
    picture = NULL;
}

DEVICE_TESTS(device_test(test_area_tiles), device_test(test_patches), device_test(test_align_warp), device_test(test_box_crops))
