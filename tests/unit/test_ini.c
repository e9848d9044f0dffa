/* INI text: what is read, and what is refused with its place. */
#include "base/ini.h"
#include "base/text.h"
#include "check.h"

/* Everything seen, as "section|key|value|line;". */
static fd_error *collect(void *self, const char *section, const char *key, const char *value, int line)
{
    if (!strcmp(key, "bad"))
        return FD_FAIL(FD_MISMATCH, "not this one");
    return fd_string_add(self, "%s|%s|%s|%d;", section, key, value, line);
}

static void expect(const char *text, size_t n, const char *wanted)
{
    fd_string seen = {0};
    assert_ok(fd_string_add(&seen, "%s", ""));
    assert_ok(fd_ini_parse(text, n, "t.ini", collect, &seen));
    assert_string_equal(seen.text, wanted);
    free(seen.text);
}

static void expect_error(const char *text, size_t n, fd_code code, const char *words)
{
    fd_string seen = {0};
    assert_fails(fd_ini_parse(text, n, "t.ini", collect, &seen), code, words);
    free(seen.text);
}

static void text_is_read(void **state)
{
    (void)state;
    const char text[] = "; comment\n# another\n\na=1\n  b  =  two words  \n[ first ]\nc==x\n[second]\r\nd = e = f\r\ne=\n e = x ; kept # too";
    expect(text, sizeof text - 1, "|a|1|4;|b|two words|5;first|c|=x|7;second|d|e = f|9;second|e||10;second|e|x ; kept # too|11;");
    expect("", 0, "");
    expect("\n\n", 2, "");
    expect("a=b", 3, "|a|b|1;");
    expect("a=bc", 3, "|a|b|1;");   /* n counts, no terminator is needed */
    expect("\xEF\xBB\xBF" "a=b\n", 7, "|a|b|1;");
    expect("a=\" b \"\nc=\"\nd=\"\"\ne=\"x\"y\n", 24, "|a| b |1;|c|\"|2;|d||3;|e|\"x\"y|4;");
}

static void faults_name_their_line(void **state)
{
    (void)state;
    expect_error("a=1\nnonsense\n", 13, FD_USAGE, "t.ini:2: neither");
    expect_error("a=1\n\n= 5\n", 9, FD_USAGE, "t.ini:3: a value without a key");
    expect_error("[open\n", 6, FD_USAGE, "t.ini:1: a section heading must end with ]");
    expect_error("[]\n", 3, FD_USAGE, "t.ini:1: not a section");
    expect_error("[\n", 2, FD_USAGE, "t.ini:1: ");
    expect_error("[a]b]\n", 6, FD_USAGE, "t.ini:1: not a section");
    expect_error("[a] ; c\n", 8, FD_USAGE, "t.ini:1: a section heading must end with ]");
    expect_error("a=1\nb=\0\n", 9, FD_USAGE, "t.ini:2: a zero byte");
    expect_error("a=1\nbad = 2\n", 12, FD_MISMATCH, "t.ini:2: not this one");
    expect_error("a\x1b[31m\n", 7, FD_USAGE, "a\\x1B[31m");
}

static void long_lines_are_whole_or_refused(void **state)
{
    (void)state;
    char text[2 * FD_INI_LINE], wanted[2 * FD_INI_LINE];
    memset(text, 'x', sizeof text);
    memcpy(text, "k=", 2);
    snprintf(wanted, sizeof wanted, "|k|%.*s|1;", FD_INI_LINE - 2, text + 2);
    expect(text, FD_INI_LINE, wanted);
    expect_error(text, FD_INI_LINE + 1, FD_USAGE, "t.ini:1: a line of 4097 bytes; at most 4096");
    text[0] = ';';
    expect_error(text, FD_INI_LINE + 1, FD_USAGE, "t.ini:1: a line of");
    memset(text, ' ', FD_INI_LINE);   /* as section: the longest that fits its line */
    text[0] = '[';
    memset(text + 1, 's', FD_INI_LINE - 2);
    text[FD_INI_LINE - 1] = ']';
    memcpy(text + FD_INI_LINE, "\nk=1", 4);
    snprintf(wanted, sizeof wanted, "%.*s|k|1|2;", FD_INI_LINE - 2, text + 1);
    expect(text, FD_INI_LINE + 4, wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read),
        cmocka_unit_test(faults_name_their_line),
        cmocka_unit_test(long_lines_are_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
