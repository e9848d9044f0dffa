/* kernels/math: what every engine shares. Expected numbers are computed by hand from the definitions. */
#include <float.h>
#include <math.h>

#include "check.h"
#include "kernels/math/area.h"
#include "kernels/math/box.h"
#include "kernels/math/l2.h"
#include "kernels/math/nms.h"
#include "kernels/math/pil.h"
#include "kernels/math/sample.h"
#include "kernels/math/softmax.h"

static void assert_box(fd_box b, float x1, float y1, float x2, float y2)
{
    assert_true(b.x1 == x1 && b.y1 == y1 && b.x2 == x2 && b.y2 == y2);
}

static void assert_window(fd_window w, int x1, int y1, int x2, int y2)
{
    assert_true(w.x1 == x1 && w.y1 == y1 && w.x2 == x2 && w.y2 == y2);
}

static void test_truncate(void **state)
{
    (void)state;
    assert_int_equal(fd_truncate(-1.9f), -1);
    assert_int_equal(fd_truncate(1.9f), 1);
    assert_int_equal(fd_truncate(1e30f), 1 << 30);
    assert_int_equal(fd_truncate(-INFINITY), -(1 << 30));
    assert_int_equal(fd_truncate(NAN), -(1 << 30));
    assert_true(fd_floorf(-1.5f) == -2.0f && fd_floorf(-2.0f) == -2.0f && fd_floorf(2.9f) == 2.0f && fd_floorf(3e9f) == 3e9f);
    assert_int_equal(fd_floor(-0.25), -1);
    assert_int_equal(fd_floor(-1.0), -1);
    assert_int_equal(fd_floor(7.75), 7);
}

static void test_cell(void **state)
{
    (void)state;
    assert_box(fd_box_of_cell(0, 0, 0.5f), 2, 2, 24, 24);
    /* 21, 7, 32, 18 over 0.6f, which is a little more than 0.6: the quotient 18 / 0.6f is float32's neighbour below 30. */
    assert_box(fd_box_of_cell(3, 10, 0.6f), 35, 11, 53, 29);
}

static void test_regress(void **state)
{
    (void)state;
    const float d[4] = {0.5f, -0.25f, 0.125f, 1.0f};
    const fd_box b = {10, 20, 18, 36};
    assert_box(fd_box_regress(b, d, 0), 14, 16, 19, 52);
    assert_box(fd_box_regress(b, d, 1), 14.5f, 15.75f, 19.125f, 53);
    assert_box(fd_box_square(b), 6, 20, 22, 36);
    assert_box(fd_box_square((fd_box){0, 0, 9, 4}), 0, -2.5f, 9, 6.5f);
    assert_true(fd_box_landmark(10, 19, 0.5f) == 14.0f); /* 10 * 0.5 + 10 - 1 */
}

static void test_patch(void **state)
{
    (void)state;
    fd_window w;
    assert_true(fd_box_patch((fd_box){3.9f, 1.2f, 7.9f, 5.5f}, 100, 50, &w));
    assert_window(w, 2, 0, 7, 5);
    assert_true(fd_box_patch((fd_box){-5, -0.5f, 200, 60}, 100, 50, &w));
    assert_window(w, 0, 0, 100, 50);
    assert_true(fd_box_patch((fd_box){7, 7, 7, 7}, 100, 50, &w));
    assert_window(w, 6, 6, 7, 7); /* one pixel */
    assert_false(fd_box_patch((fd_box){7, 7, 6.9f, 9}, 100, 50, &w));
    assert_false(fd_box_patch((fd_box){101, 7, 120, 20}, 100, 50, &w));
    assert_true(fd_box_patch((fd_box){100, 50, 120, 60}, 100, 50, &w));
    assert_window(w, 99, 49, 100, 50); /* the last pixel */
    assert_false(fd_box_patch((fd_box){-9, -9, 0, 0.9f}, 100, 50, &w));
    assert_false(fd_box_patch((fd_box){NAN, NAN, NAN, NAN}, 100, 50, &w));
}

static void test_crop(void **state)
{
    (void)state;
    const fd_crop_shape none = {160, 160, 0}, wide = {160, 160, 32};
    assert_window(fd_box_crop((fd_box){10.7f, 20.2f, 50.9f, 70.1f}, none, 640, 480), 10, 20, 50, 70);
    assert_window(fd_box_crop((fd_box){100, 100, 228, 164}, wide, 640, 480), 84, 92, 244, 172); /* 32 / 128 of 128 and 64, half a side */
    assert_window(fd_box_crop((fd_box){-5, -5, 700, 500}, wide, 640, 480), 0, 0, 640, 480);
}

static void test_nms(void **state)
{
    (void)state;
    const fd_box a = {0, 0, 10, 10}, b = {5, 0, 15, 10}, far = {50, 50, 60, 60}, inner = {0, 0, 4, 4}, nothing = {3, 3, 3, 3};
    assert_true(fd_box_intersection(a, b, 0) == 50.0f && fd_box_intersection(a, b, 1) == 66.0f && fd_box_intersection(a, far, 1) == 0.0f);
    assert_false(fd_nms_union(a, b, 1.0f / 3.0f)); /* 50 / 150: not above */
    assert_true(fd_nms_union(a, b, 0.33f));
    assert_true(fd_nms_min(a, inner, 0.99f)); /* 25 / 25 */
    assert_false(fd_nms_min(a, inner, 1.0f));
    assert_false(fd_nms_union(nothing, nothing, 0.0f));
    assert_false(fd_nms_min(a, far, 0.0f));
}

/* floor and ceil of rationals, against their definition by products. */
static void test_area(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= 40; n++)
        for (int64_t m = 1; m <= 40; m++) {
            for (int64_t i = 0; i < m; i++) {
                const int64_t begin = fd_area_begin(i, n, m), end = fd_area_end(i, n, m);
                assert_true(begin * m <= i * n && i * n < (begin + 1) * m);
                assert_true((end - 1) * m < (i + 1) * n && (i + 1) * n <= end * m);
                assert_true(begin < end && begin >= 0 && end <= n);
            }
            assert_true(fd_area_begin(0, n, m) == 0 && fd_area_end(m - 1, n, m) == n);
        }
    assert_true(fd_area_end(65534, 65535, 65535) == 65535);
    assert_true(fd_area_mean(510, 1, 2) == 255.0f && fd_area_mean(7, 2, 2) == 1.75f);
    assert_true(fd_area_mean((uint64_t)255 * 65535 * 65535, 65535, 65535) == 255.0f);
    assert_true(fd_normal_pixel(0) == -0.99609375f && fd_normal_pixel(127.5f) == 0.0f && fd_normal_pixel(255) == 0.99609375f);
}

/* Within 2 units in the last place of the true value, everywhere; libm's double exp is the judge. */
static void test_exp(void **state)
{
    (void)state;
    assert_true(fd_expf(0.0f) == 1.0f && fd_expf(-0.0f) == 1.0f);
    assert_true(fd_expf(-200.0f) == 0.0f && fd_expf(-INFINITY) == 0.0f && isinf(fd_expf(89.0f)) && isinf(fd_expf(INFINITY)) &&
                isnan(fd_expf(NAN)));
    for (float x = -103.9f; x < 88.7f; x += 0.00137f) {
        const double wanted = exp((double)x);
        int e;
        frexp(wanted, &e);
        const double unit = ldexp(1.0, (e < -125 ? -125 : e) - 24);
        assert_true(fabs((double)fd_expf(x) - wanted) <= 2 * unit);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    assert_true(fd_softmax2(3.5f, 3.5f) == 0.5f && fd_softmax2(0, 200) == 1.0f && fd_softmax2(200, 0) == 0.0f && isnan(fd_softmax2(NAN, 0)));
    for (float a = -20; a < 20; a += 0.173f)
        for (float b = -20; b < 20; b += 0.619f) {
            const float m = a > b ? a : b, ea = fd_expf(a - m), eb = fd_expf(b - m);
            assert_true(fd_softmax2(a, b) == eb / (ea + eb) && fd_softmax2(b, a) == ea / (ea + eb));
        }
}

static void test_pil(void **state)
{
    (void)state;
    int32_t first, weight[64];
    assert_int_equal(fd_pil_weights(3, 8, 8, &first, weight), 2); /* same size: the pixel itself, its neighbour with weight 0 */
    assert_true(first == 3 && weight[0] == 1 << FD_PIL_BITS && weight[1] == 0);
    assert_int_equal(fd_pil_weights(0, 4, 2, &first, weight), 3); /* centre 1, half width 2: triangle at -0.5, 0.5, 1.5 */
    assert_true(first == 0 && weight[0] == weight[1] && weight[0] == 1797559 && weight[2] == 599186); /* 3/7, 3/7, 1/7 of 2^22 */
    for (int32_t n = 1; n < 30; n++)
        for (int32_t m = 1; m < 30; m++)
            for (int32_t i = 0; i < m; i++) {
                const int32_t count = fd_pil_weights(i, n, m, &first, weight);
                int32_t sum = 0;
                for (int32_t k = 0; k < count; k++)
                    sum += weight[k];
                assert_true(count <= fd_pil_taps(n, m) && first >= 0 && first + count <= n && abs(sum - (1 << FD_PIL_BITS)) <= count);
            }
    assert_true(fd_pil_pixel(0) == 0 && fd_pil_pixel(255 << FD_PIL_BITS) == 255 && fd_pil_pixel(1 << (FD_PIL_BITS - 1)) == 1);
    assert_true(fd_pil_pixel((1 << (FD_PIL_BITS - 1)) - 1) == 0 && fd_pil_pixel(256 * ((1 << FD_PIL_BITS) - 9)) == 255);
}

static void test_sample(void **state)
{
    (void)state;
    const double shift[6] = {1, 0, 0.25, 0, 1, -0.5}, scale[6] = {2, 0, 0, 0, 2, 0}, bad[6] = {NAN, 0, 0, 0, 1, 0};
    const fd_sample s = fd_sample_at(shift, 3, 0, 4, 4);
    assert_true(s.x == 3 && s.y == -1 && s.fx == 0.25 && s.fy == 0.5);
    assert_true(fd_sample_at(shift, 4, 0, 4, 4).x == -2 && fd_sample_at(scale, 2, 0, 4, 4).x == -2 && fd_sample_at(bad, 0, 0, 4, 4).x == -2);
    const double p[2][2] = {{0, 100}, {200, 40}};
    assert_true(fd_bilinear(p, 0.25, 0.5) == 92.5); /* 25 above, 160 below */
    assert_true(fd_sample_stretch(0, 4, 8) == 0.0 && fd_sample_stretch(1, 4, 8) == 0.25 && fd_sample_stretch(7, 4, 8) == 3.0);
    assert_true(fd_nearest_byte(0.5f) == 0 && fd_nearest_byte(0.49999997f) == 0 && fd_nearest_byte(1.5f) == 2 &&
                fd_nearest_byte(255.0f) == 255);
}

static void test_l2(void **state)
{
    (void)state;
    const float row[] = {3, 4}, large[] = {FLT_MAX, FLT_MAX}, none[] = {0, 0}, bad[] = {1, NAN}, open[] = {1, INFINITY};
    assert_true(fd_l2_norm(row, 2) == 5.0 && fd_l2_usable(5.0) && fd_l2_divide(3, 5.0) == 0.6f);
    assert_true(fd_l2_usable(fd_l2_norm(large, 2)));
    assert_false(fd_l2_usable(fd_l2_norm(none, 2)) || fd_l2_usable(fd_l2_norm(bad, 2)) || fd_l2_usable(fd_l2_norm(open, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncate), cmocka_unit_test(test_cell), cmocka_unit_test(test_regress), cmocka_unit_test(test_patch),
        cmocka_unit_test(test_crop),     cmocka_unit_test(test_nms),  cmocka_unit_test(test_area),    cmocka_unit_test(test_exp),
        cmocka_unit_test(test_softmax),  cmocka_unit_test(test_pil),  cmocka_unit_test(test_sample),  cmocka_unit_test(test_l2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
