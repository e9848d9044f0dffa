#include "data/decode.h"

#include "check.h"

/* A TIFF block with one directory of one entry, in a buffer of exactly its size so that a sanitizer sees every step beyond. */
static int orientation_of(int big, int tag, int type, int count, int value, size_t cut)
{
    uint8_t block[26] = {0};
    const int words[] = {42, 1, tag, type};
    const size_t places[] = {2, 8, 10, 12};
    memcpy(block, big ? "MM" : "II", 2);
    block[big ? 7 : 4] = 8;
    for (int i = 0; i < 4; i++) {
        block[places[i] + (size_t)!big] = (uint8_t)(words[i] >> 8);
        block[places[i] + (size_t)big] = (uint8_t)words[i];
    }
    block[big ? 17 : 14] = (uint8_t)count;
    size_t low = type == 1 ? 18 : type == 4 ? (big ? 21 : 18) : (big ? 19 : 18);
    block[low] = (uint8_t)value;
    uint8_t *exact = malloc(cut ? cut : 1);
    assert_non_null(exact);
    memcpy(exact, block, cut);
    int got = fd_exif_orientation(exact, cut);
    free(exact);
    return got;
}

static void all_orientations_in_both_orders(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++)
        for (int value = 1; value <= 8; value++) {
            assert_int_equal(orientation_of(big, 0x112, 3, 1, value, 26), value);
            assert_int_equal(orientation_of(big, 0x112, 1, 1, value, 26), value);
            assert_int_equal(orientation_of(big, 0x112, 4, 1, value, 26), value);
        }
}

static void values_that_are_none(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        assert_int_equal(orientation_of(big, 0x112, 3, 1, 0, 26), 1);   /* "not known" */
        assert_int_equal(orientation_of(big, 0x112, 3, 1, 9, 26), 0);
        assert_int_equal(orientation_of(big, 0x112, 3, 2, 6, 26), 0);
        assert_int_equal(orientation_of(big, 0x112, 2, 1, 6, 26), 0);
        assert_int_equal(orientation_of(big, 0x113, 3, 1, 6, 26), 1);
    }
}

static void every_cut(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++)
        for (size_t cut = 0; cut < 22; cut++)
            assert_int_equal(orientation_of(big, 0x112, 3, 1, 6, cut), 0);
}

static void offsets_that_lead_astray(void **state)
{
    (void)state;
    assert_int_equal(fd_exif_orientation((const uint8_t *)"II*\0\xff\xff\xff\xff\0\0", 10), 0);
    assert_int_equal(fd_exif_orientation((const uint8_t *)"II*\0\x00\x00\x00\x00\0\0", 10), 0);
    assert_int_equal(fd_exif_orientation((const uint8_t *)"II*\0\x09\x00\x00\x00\0\0", 10), 0);
    assert_int_equal(fd_exif_orientation((const uint8_t *)"II*\0\x08\x00\x00\x00\0\0", 10), 1);
    assert_int_equal(fd_exif_orientation((const uint8_t *)"II*\0\x08\x00\x00\x00\xff\xff", 10), 0);
    assert_int_equal(fd_exif_orientation((const uint8_t *)"IM*\0\x08\x00\x00\x00\0\0", 10), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_orientations_in_both_orders), cmocka_unit_test(values_that_are_none),
                                       cmocka_unit_test(every_cut), cmocka_unit_test(offsets_that_lead_astray)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
