/* The reference engine's operators on pixels against numbers computed by hand. */
#include <math.h>

#include "check.h"
#include "engine/ref/image.h"

enum { WIDTH = 5, HEIGHT = 3 };

static fd_engine engine;
static fd_lane lane = {&engine};

/* Channel c of pixel (y, x) is 10 * y + x + 100 * c; rows are one byte further apart than they must be. */
static fd_picture *ramp(void)
{
    static uint8_t rgb[HEIGHT * (WIDTH * 3 + 1)];
    fd_picture *p;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                rgb[y * (WIDTH * 3 + 1) + x * 3 + c] = (uint8_t)(10 * y + x + 100 * c);
    assert_ok(fd_ref_image.picture_open(&lane, rgb, WIDTH, HEIGHT, WIDTH * 3 + 1, &p));
    return p;
}

static float normal(float v)
{
    return (v - 127.5f) * 0.0078125f;
}

/* 3 rows to 2 (0..1, 1..2), 5 columns to 2 (0..2, 2..4): means 6, 8, 16, 18 of channel 0. */
static void test_tiles(void **state)
{
    (void)state;
    fd_picture *p = ramp();
    float out[3 * 100];
    for (int k = 0; k < 300; k++)
        out[k] = -7;
    const fd_tile tile[2] = {{0, 2, 2, 0, 0, 2, 2, 5, 10, 100}, {0, HEIGHT, WIDTH, 1, 3, 2, 2, 50, 2, 100}};
    assert_ok(fd_ref_image.tiles(&lane, &p, tile, 2, out));
    for (int c = 0; c < 3; c++) {
        const float *plane = out + 100 * c, add = 100.0f * (float)c;
        assert_true(plane[5] == normal(6 + add) && plane[6] == normal(8 + add) && plane[15] == normal(16 + add) &&
                    plane[16] == normal(18 + add));
        assert_true(plane[50] == normal(13 + add) && plane[51] == normal(14 + add) && plane[52] == normal(23 + add) &&
                    plane[53] == normal(24 + add));
        assert_true(plane[4] == -7 && plane[7] == -7 && plane[14] == -7 && plane[54] == -7);
    }
    fd_ref_image.picture_close(p);
}

/* A patch smaller than its side repeats pixels (windows overlap); one larger takes means. */
static void test_patches(void **state)
{
    (void)state;
    fd_picture *p = ramp();
    float out[2][3][2][2];
    const fd_patch patch[2] = {{0, 4, 1, 5, 2}, {0, 1, 0, 5, 2}};
    assert_ok(fd_ref_image.patches(&lane, &p, patch, 2, 2, &out[0][0][0][0]));
    for (int c = 0; c < 3; c++) {
        const float add = 100.0f * (float)c;
        for (int k = 0; k < 4; k++)
            assert_true(out[0][c][k / 2][k % 2] == normal(14 + add));
        assert_true(out[1][c][0][0] == normal(1.5f + add) && out[1][c][0][1] == normal(3.5f + add));
        assert_true(out[1][c][1][0] == normal(11.5f + add) && out[1][c][1][1] == normal(13.5f + add));
    }
    fd_ref_image.picture_close(p);
}

static void test_candidates(void **state)
{
    (void)state;
    float prob[2 * 4] = {0.1f, 0.6f, 0.5f, 9, 0.7f, NAN, 0.6f, 9}, box[4 * 8];
    for (int k = 0; k < 32; k++)
        box[k] = (float)k;
    const fd_region region[2] = {{3, 10, 20, 2, 3, prob, box, 4, 8}, {4, 0, 0, 1, 1, prob + 4, box + 4, 4, 8}};
    fd_candidate out[4];
    int64_t found;
    assert_ok(fd_ref_image.candidates(&lane, region, 2, 0.6f, out, 2, &found));
    assert_int_equal(found, 4);
    assert_ok(fd_ref_image.candidates(&lane, region, 2, 0.6f, out, 4, &found));
    assert_int_equal(found, 4);
    const int wanted[4][3] = {{3, 10, 21}, {3, 11, 20}, {3, 11, 22}, {4, 0, 0}};
    for (int k = 0; k < 4; k++)
        assert_true(out[k].tag == wanted[k][0] && out[k].row == wanted[k][1] && out[k].column == wanted[k][2]);
    assert_true(out[0].score == 0.6f && out[2].box[0] == 6 && out[2].box[1] == 14 && out[2].box[2] == 22 && out[2].box[3] == 30);
}

/* Half a pixel to the right, and everything left of the picture zero. */
static void test_warp(void **state)
{
    (void)state;
    fd_picture *p = ramp();
    const fd_cut cut = {0, true, {1, 0, -0.5, 0, 1, 0.25}, {0}, FD_BILINEAR};
    const fd_cut_format format = {3, 1, true, {1, 2, 3}, {2, 4, 8}};
    float out[3][3];
    uint8_t bytes[3][3];
    assert_ok(fd_ref_image.cuts(&lane, &p, &cut, 1, &format, &out[0][0], &bytes[0][0]));
    /* Channel 0 at x = -0.5, 0.5, 1.5, y = 0.25: half of 2.5, then 3 and 4; blue comes first. */
    assert_true(out[2][0] == (1.25f - 3) / 8 && out[2][1] == 0.0f && out[2][2] == 0.125f);
    assert_true(out[0][1] == 101 && out[0][2] == 101.5f && out[1][1] == 25.25f);
    assert_true(bytes[0][0] == 1 && bytes[1][0] == 3 && bytes[1][1] == 103 && bytes[1][2] == 203 && bytes[0][2] == 101);
    fd_ref_image.picture_close(p);
}

static void test_boxes(void **state)
{
    (void)state;
    fd_picture *p = ramp();
    const fd_cut cut[4] = {{0, false, {0}, {1, 0, 3, 2}, FD_BILINEAR},
                           {0, false, {0}, {1, 0, 5, 2}, FD_AREA},
                           {0, false, {0}, {1, 0, 5, 1}, FD_PIL_BILINEAR},
                           {0, false, {0}, {5, 1, 5, 2}, FD_AREA}};
    const fd_cut_format format = {2, 1, false, {0, 0, 0}, {1, 1, 1}};
    float out[4][3][2];
    assert_ok(fd_ref_image.cuts(&lane, &p, cut, 4, &format, &out[0][0][0], NULL));
    for (int c = 0; c < 3; c++) {
        const float add = 100.0f * (float)c;
        assert_true(out[0][c][0] == 6 + add && out[0][c][1] == 7 + add);       /* rows 0 and 1 halfway */
        assert_true(out[1][c][0] == 6.5f + add && out[1][c][1] == 8.5f + add); /* 2x2 means */
        /* Weights 3/7, 3/7, 1/7 of 1, 2, 3 and mirrored of 2, 3, 4: 12/7 and 23/7, rounded. */
        assert_true(out[2][c][0] == 2 + add && out[2][c][1] == 3 + add);
        assert_true(out[3][c][0] == 0 && out[3][c][1] == 0);
    }
    fd_ref_image.picture_close(p);
}

static void test_l2_rows(void **state)
{
    (void)state;
    float rows[4][2] = {{3, 4}, {0, 0}, {NAN, 1}, {1, INFINITY}};
    assert_ok(fd_ref_image.l2_rows(&lane, &rows[0][0], 4, 2));
    assert_true(rows[0][0] == 0.6f && rows[0][1] == 0.8f && rows[1][0] == 0 && isnan(rows[2][0]) && rows[2][1] == 1 && rows[3][0] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles), cmocka_unit_test(test_patches), cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_warp),  cmocka_unit_test(test_boxes),   cmocka_unit_test(test_l2_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
