/* Text for people: names that are bytes, sizes, times, near misses. */
#include "base/text.h"
#include "check.h"

static void expect_escaped(const char *bytes, const char *wanted)
{
    char out[FD_ESCAPED];
    assert_string_equal(fd_escape(out, sizeof out, bytes), wanted);
}

static void names_are_escaped_byte_by_byte(void **state)
{
    (void)state;
    expect_escaped("", "");
    expect_escaped("a b/ç€😀.jpg", "a b/ç€😀.jpg");
    expect_escaped("back\\slash", "back\\\\slash");
    expect_escaped("line\nbreak\r\t\x1b[31m\x7f", "line\\x0Abreak\\x0D\\x09\\x1B[31m\\x7F");
    expect_escaped("latin \xe9t\xe9", "latin \\xE9t\\xE9");
    expect_escaped("\xc2\x85\xc2\x9b\xc2\xa0", "\\xC2\\x85\\xC2\\x9B\xc2\xa0");   /* C1 controls are controls */
    expect_escaped("\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", "\\xC0\\xAF\\xE0\\x80\\xAF\\xF0\\x80\\x80\\xAF");   /* overlong */
    expect_escaped("\xed\xa0\x80", "\\xED\\xA0\\x80");   /* a surrogate */
    expect_escaped("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
    expect_escaped("\xf4\x90\x80\x80\xf5", "\\xF4\\x90\\x80\\x80\\xF5");
    expect_escaped("\xe2\x82", "\\xE2\\x82");   /* cut short at the end */
}

static void utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    static const char *const valid[] = {"", "a\n\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a€😀"};
    static const char *const other[] = {"\x80", "\xbf", "a\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80", "\xff", "€\xe2\x82"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        assert_true(fd_utf8(valid[i]));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(fd_utf8(other[i]));
}

static void long_names_are_cut_between_characters(void **state)
{
    (void)state;
    char out[16];
    assert_string_equal(fd_escape(out, 8, "1234567"), "1234567");
    assert_string_equal(fd_escape(out, 8, "12345678"), "1234...");
    assert_string_equal(fd_escape(out, 8, "123€5678"), "123...");
    assert_string_equal(fd_escape(out, 8, "123\n5678"), "123...");
    assert_string_equal(fd_escape(out, 8, "12\n"), "12\\x0A");
    assert_string_equal(fd_escape(out, 4, "12345678"), "...");
    assert_string_equal(fd_escape(out, 2, "12345678"), ".");
    assert_string_equal(fd_escape(out, 1, "12345678"), "");
    char name[4001], shown[FD_ESCAPED];
    memset(name, '\n', 4000);
    name[4000] = 0;
    fd_escape(shown, sizeof shown, name);
    assert_true(strlen(shown) < sizeof shown && strlen(shown) > sizeof shown - 8);
    assert_string_equal(shown + strlen(shown) - 7, "\\x0A...");
}

static void sizes_are_written_for_people(void **state)
{
    (void)state;
    char out[16];
    const struct { double bytes; const char *text; } cases[] = {
        {0, "0 B"}, {812, "812 B"}, {999, "999 B"}, {999.6, "1.0 kB"}, {1000, "1.0 kB"}, {4321000, "4.3 MB"}, {999949, "999.9 kB"},
        {999951, "1.0 MB"}, {1.5e9, "1.5 GB"}, {1e18, "1.0 EB"}, {9.2e18, "9.2 EB"}, {1e21, "1000.0 EB"}, {-1, "-"}, {1e300, "-"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(fd_bytes_text(out, cases[i].bytes), cases[i].text);
    assert_string_equal(fd_bytes_text(out, strtod("nan", NULL)), "-");
}

static void times_are_written_for_people(void **state)
{
    (void)state;
    char out[24];
    const struct { double seconds; const char *text; } cases[] = {
        {0, "0.0 s"}, {12.34, "12.3 s"}, {59.94, "59.9 s"}, {59.96, "1 min 00 s"}, {245, "4 min 05 s"}, {3599.4, "59 min 59 s"},
        {3599.6, "1 h 00 min"}, {7380, "2 h 03 min"}, {7199, "2 h 00 min"}, {1e9, "277777 h 47 min"}, {-1, "-"}, {1e300, "-"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(fd_seconds_text(out, cases[i].seconds), cases[i].text);
    assert_string_equal(fd_seconds_text(out, strtod("nan", NULL)), "-");
    assert_string_equal(fd_seconds_text(out, strtod("inf", NULL)), "-");
}

static void sizes_are_read(void **state)
{
    (void)state;
    const struct { const char *text; int binary; int64_t value; } cases[] = {
        {"0", 0, 0}, {"1024", 1, 1024}, {"64M", 0, 64000000}, {"64M", 1, 64 << 20}, {"2.5G", 1, 5LL << 29}, {"2.5G", 0, 2500000000},
        {"1k", 0, 1000}, {"1k", 1, 1024}, {"1T", 1, 1LL << 40}, {"0.57K", 0, 570}, {".5K", 1, 512}, {"3.K", 0, 3000}, {"16MB", 1, 16 << 20},
        {"16MiB", 1, 16 << 20}, {"7B", 1, 7}, {"9223372036854775807", 0, INT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = -1;
        assert_ok(fd_parse_size(cases[i].text, cases[i].binary, &value));
        assert_true(value == cases[i].value);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"", "M", "-1", "+1", " 1", "1 ", "1 M", "1e3", "0x10", "1.5", ".", ".K", "64X", "64MM", "64MiBs", "1..5K", "nan", "inf"};
    int64_t value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(fd_parse_size(bad[i], 1, &value), FD_USAGE, "is not a size");
    assert_fails(fd_parse_size("5MiB", 0, &value), FD_USAGE, "is not a size");
    assert_fails(fd_parse_size("9223372036854775808", 0, &value), FD_USAGE, "too large");
    assert_fails(fd_parse_size("9223372036854775807K", 0, &value), FD_USAGE, "too large");
    assert_fails(fd_parse_size("99999999999999999999999999", 0, &value), FD_USAGE, "too large");
    assert_fails(fd_parse_size("8388608T", 1, &value), FD_USAGE, "too large");
    assert_fails(fd_parse_size("1\n", 0, &value), FD_USAGE, "1\\x0A");
    assert_int_equal(value, 7);
}

static void the_nearest_word_is_found(void **state)
{
    (void)state;
    const char *const words[] = {"threads", "thresholds", "matrix", "metric", "model", "memory", "min-face", "o"};
    const struct { const char *word; int nearest; } cases[] = {
        {"thread", 0}, {"threads", 0}, {"htreads", 0}, {"treshold", 1}, {"matric", 2}, {"metrix", 2}, {"metrics", 3}, {"modle", 4},
        {"min_face", 6}, {"banana", -1}, {"", -1}, {"x", -1}, {"o", 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(fd_nearest(cases[i].word, words, 8), cases[i].nearest);
    assert_int_equal(fd_nearest("threads", NULL, 0), -1);
    char large[5000];
    memset(large, 'm', sizeof large - 1);
    large[sizeof large - 1] = 0;
    assert_int_equal(fd_nearest(large, words, 8), -1);
}

static void a_string_grows(void **state)
{
    (void)state;
    fd_string s = {0};
    for (int i = 0; i < 1000; i++)
        assert_ok(fd_string_add(&s, "%d,%s", i % 10, ""));
    assert_int_equal(s.length, 2000);
    assert_int_equal(strlen(s.text), 2000);
    assert_memory_equal(s.text + 1990, "5,6,7,8,9,", 11);
    free(s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_escaped_byte_by_byte),
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(sizes_are_written_for_people),
        cmocka_unit_test(times_are_written_for_people),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(the_nearest_word_is_found),
        cmocka_unit_test(a_string_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
