/* float16: every value comes back, and rounding is to the nearest, checked against the neighbours in double. */
#include "check.h"

#include <math.h>

#include "dist/half.h"

/* What the bits mean. */
static double value_of(uint16_t h)
{
    const int exponent = h >> 10 & 31, mantissa = h & 1023;
    const double size = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return h & 0x8000 ? -size : size;
}

static uint16_t half(float x, int64_t *saturated)
{
    uint16_t out;
    *saturated = fd_half_of(&x, 1, &out);
    return out;
}

static void test_every_half_comes_back(void **state)
{
    (void)state;
    int64_t saturated;
    for (int h = 0; h < 65536; h++) {
        if ((h & 0x7c00) == 0x7c00)
            continue;
        assert_int_equal(half((float)value_of((uint16_t)h), &saturated), h);
        assert_int_equal(saturated, 0);
    }
}

/* Between two neighbours a and b: the nearer one; in the middle the even one; just beside the middle the nearer one. */
static void test_rounding(void **state)
{
    (void)state;
    int64_t saturated;
    for (uint16_t h = 0; h < 0x7bff; h++) {
        const float middle = (float)((value_of(h) + value_of((uint16_t)(h + 1))) / 2);   /* exact: one bit more */
        assert_int_equal(half(middle, &saturated), h + (h & 1));
        assert_int_equal(half(nextafterf(middle, 0), &saturated), h);
        assert_int_equal(half(nextafterf(middle, INFINITY), &saturated), h + 1);
        assert_int_equal(half(-nextafterf(middle, INFINITY), &saturated), 0x8000 | (h + 1));
    }
}

static void test_what_a_half_cannot_hold(void **state)
{
    (void)state;
    int64_t saturated;
    assert_int_equal(half(65519.996F, &saturated), 0x7bff);
    assert_int_equal(saturated, 0);
    assert_int_equal(half(65520, &saturated), 0x7bff);
    assert_int_equal(saturated, 1);
    assert_int_equal(half(-INFINITY, &saturated), 0xfbff);
    assert_int_equal(saturated, 1);
    assert_int_equal(half(-NAN, &saturated), 0x7e00);
    assert_int_equal(saturated, 0);
    assert_int_equal(half(1e-30F, &saturated), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half_comes_back),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_what_a_half_cannot_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
