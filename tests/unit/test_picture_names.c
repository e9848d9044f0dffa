/* Names of pictures made of pictures: each its own, none outside the folder. */
#include "check.h"
#include "run/pictures/picture_names.h"

static void expect_names(const char *const *key, const char *const *wanted, int64_t n, fd_picture_format format)
{
    fd_entry entry[8] = {0};
    fd_manifest m = {.entry = entry, .n = n};
    char **names = NULL;
    for (int64_t i = 0; i < n; i++)
        entry[i].key = (char *)(uintptr_t)key[i];
    fd_error *err = fd_picture_names(&m, fd_picture_extension(format), &names);
    if (!wanted)
        assert_fails(err, FD_USAGE, "the same name");
    else {
        assert_ok(err);
        for (int64_t i = 0; i < n; i++)
            assert_string_equal(names[i], wanted[i]);
    }
    fd_picture_names_free(names, n);
}

static void the_extension_is_replaced(void **state)
{
    (void)state;
    static const char *const key[] = {"a.jpg", "b c.JPEG", "d", "e.f/g", "h.i/j.k.png", "trailing."};
    static const char *const png[] = {"a.png", "b c.png", "d.png", "e.f/g.png", "h.i/j.k.png", "trailing..png"};
    static const char *const jpeg[] = {"a.jpg", "b c.jpg", "d.jpg", "e.f/g.jpg", "h.i/j.k.jpg", "trailing..jpg"};
    expect_names(key, png, 6, FD_PICTURE_PNG);
    expect_names(key, jpeg, 6, FD_PICTURE_JPEG);
}

static void equal_names_are_told_apart(void **state)
{
    (void)state;
    static const char *const key[] = {"a.bmp", "a.jpg", "a.png", "b.jpg", "c/a.jpg"}, *const wanted[] = {"a.bmp.png", "a.jpg.png", "a.png", "b.png", "c/a.png"};
    static const char *const hard[] = {"a.jpg", "a.jpg.png", "a.png"};
    expect_names(key, wanted, 5, FD_PICTURE_PNG);
    expect_names(hard, NULL, 3, FD_PICTURE_PNG);   /* a.jpg can be neither a.png nor a.jpg.png */
}

static void nothing_leaves_the_folder(void **state)
{
    (void)state;
    static const char *const key[] = {"/x/y.jpg", "../../z.jpg", "u/../v.jpg", "w/.../t.jpg", "./s.jpg"};
    static const char *const wanted[] = {"x/y.png", "z.png", "u/v.png", "w/.../t.png", "s.png"};
    expect_names(key, wanted, 5, FD_PICTURE_PNG);
}

static void formats_by_name(void **state)
{
    (void)state;
    fd_picture_format f;
    assert_true(fd_picture_format_of("a/b.PNG", &f) && f == FD_PICTURE_PNG);
    assert_true(fd_picture_format_of("b.jpeg", &f) && f == FD_PICTURE_JPEG);
    assert_false(fd_picture_format_of("b.d/jpg", &f));
    assert_false(fd_picture_format_of(".png", &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_extension_is_replaced),
        cmocka_unit_test(equal_names_are_told_apart),
        cmocka_unit_test(nothing_leaves_the_folder),
        cmocka_unit_test(formats_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
