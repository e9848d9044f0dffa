/* Pictures and markup: round ticks, places, escaped text, base64. */
#include <math.h>

#include "check.h"
#include "run/markup.h"
#include "run/svg.h"

static void steps_of_axes_are_round(void **state)
{
    (void)state;
    const struct {
        double low, high;
        int most;
        double step;
    } cases[] = {{0, 1, 5, 0.2},      {0, 1, 10, 0.1},    {0, 10, 6, 2}, {0, 7, 6, 2},
                 {0, 0.03, 6, 0.005}, {0, 4321, 6, 1000}, {-5, 5, 6, 2}, {0, 1e12, 6, 2e11}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(fabs(fd_axis_step(cases[i].low, cases[i].high, cases[i].most) / cases[i].step - 1) < 1e-12);
}

static void axes_end_at_a_tick(void **state)
{
    (void)state;
    const struct {
        double low, high, to_low, to_high;
    } cases[] = {{0, 7, 0, 8}, {0, 8, 0, 8}, {3, 7, 0, 8}, {-3, 7, -4, 8}, {0, 0, 0, 1}, {0, 0.41, 0, 0.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fd_axis a = fd_axis_to(cases[i].low, cases[i].high, NULL);
        assert_true(fabs(a.low - cases[i].to_low) < 1e-12 && fabs(a.high - cases[i].to_high) < 1e-12);
    }
}

static void values_have_their_places(void **state)
{
    (void)state;
    fd_svg s = {.width = 200,
                .height = 100,
                .left = 50,
                .top = 10,
                .wide = 100,
                .high = 80,
                .x = {.low = 0.01, .high = 1, .by_decades = true},
                .y = {.low = -1, .high = 1}};
    assert_true(fabs(fd_svg_x(&s, 0.1) - 100) < 1e-9);
    assert_true(fd_svg_x(&s, 1) == 150 && fd_svg_x(&s, 5) == 150);   /* beyond: at the frame */
    assert_true(fd_svg_x(&s, 0) == 50 && fd_svg_x(&s, -1) == 50);
    assert_true(fd_svg_y(&s, 0) == 50 && fd_svg_y(&s, -1) == 90 && fd_svg_y(&s, 1) == 10);
    assert_true(fd_svg_y(&s, NAN) == 90);
}

static void curves_drop_what_cannot_be_seen(void **state)
{
    (void)state;
    fd_svg s = {.width = 100, .height = 100, .wide = 100, .high = 100, .x = {.high = 100}, .y = {.high = 100}};
    const fd_point p[] = {{0, 0}, {0.1, 0}, {10, 10}, {NAN, 0}, {20, 10}, {30, 30}, {30.1, 30}};
    assert_ok(fd_svg_curve(&s, 9, p, 7, false));
    assert_string_equal(s.text.text, "<path class=\"line s1\" d=\"M0.00 100.00L10.00 90.00M20.00 90.00L30.00 70.00L30.10 70.00\"/>\n");
    s.text.length = 0;
    assert_ok(fd_svg_curve(&s, 0, p, 3, true));
    assert_string_equal(s.text.text, "<path class=\"line s0\" d=\"M0.00 100.00H10.00V90.00\"/>\n");
    s.text.length = 0;
    assert_ok(fd_svg_bar(&s, 2, (fd_point){20, 0}, (fd_point){10, 50}, "a<b"));
    assert_string_equal(s.text.text,
                        "<rect class=\"fill s2\" x=\"10.00\" y=\"50.00\" width=\"10.00\" height=\"50.00\"><title>a&lt;b</title></rect>\n");
    free(s.text.text);
}

static void numbers_of_ticks_are_short(void **state)
{
    (void)state;
    const struct {
        double high;
        bool by_decades;
        const char *some[3];
    } cases[] = {{0.4, false, {">0<", ">0.05<", ">0.40<"}},
                 {6000, false, {">0<", ">1000<", ">6000<"}},
                 {3e6, false, {">0.5 M<", ">3.0 M<", ">0<"}},
                 {10000, true, {">1<", ">10 k<", ">1e-2<"}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fd_svg s = {.width = 600,
                    .height = 100,
                    .left = 50,
                    .wide = 500,
                    .high = 80,
                    .x = {.low = cases[i].by_decades ? 0.01 : 0, .high = cases[i].high, .by_decades = cases[i].by_decades},
                    .y = {.high = 1, .bare = true}};
        assert_ok(fd_svg_axes(&s));
        for (int k = 0; k < 3; k++)
            if (!strstr(s.text.text, cases[i].some[k]))
                fail_msg("%s is not in %s", cases[i].some[k], s.text.text);
        free(s.text.text);
    }
}

static void text_of_anybody_is_text(void **state)
{
    (void)state;
    fd_string s = {0};
    assert_ok(fd_markup_text(&s, "<script>\"a\" & 'b'</script>\n\xff\\ ç\xef\xbf\xbe\xef\xbf\xbd"));
    assert_string_equal(s.text, "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;\\x0A\\xFF\\\\ ç\\uFFFE\xef\xbf\xbd");
    s.length = 0;
    char *name = malloc(100001);
    memset(name, '"', 100000);
    name[100000] = 0;
    assert_ok(fd_markup_text(&s, name));
    assert_int_equal(s.length, 600000);   /* never cut */
    s.length = 0;
    assert_ok(fd_markup_text(&s, ""));
    assert_string_equal(s.text, "");
    free(name);
    free(s.text);
}

static void base64_is_that_of_the_standard(void **state)
{
    (void)state;
    const char *const cases[][2] = {{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"},
                                    {"\xff\xfe\xfd", "//79"},
                                    {"\xfb\xef\xbe", "++++"}};   /* RFC 4648, section 10; and the digits 62, 63 */
    fd_string s = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s.length = 0;
        assert_ok(fd_markup_base64(&s, cases[i][0], strlen(cases[i][0])));
        assert_string_equal(s.text, cases[i][1]);
    }
    free(s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_axes_are_round),        cmocka_unit_test(axes_end_at_a_tick),
        cmocka_unit_test(values_have_their_places),       cmocka_unit_test(curves_drop_what_cannot_be_seen),
        cmocka_unit_test(numbers_of_ticks_are_short),     cmocka_unit_test(text_of_anybody_is_text),
        cmocka_unit_test(base64_is_that_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
