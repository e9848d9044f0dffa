/* Connected regions against a flood of the mask. */
#include "check.h"
#include "run/pictures/regions.h"

enum { WIDE = 40, HIGH = 30 };

static void flood(uint8_t *mask, int width, int height, int x, int y, fd_region_box *box)
{
    if (x < 0 || y < 0 || x >= width || y >= height || !mask[y * width + x])
        return;
    mask[y * width + x] = 0;
    box->area++;
    box->x1 = x < box->x1 ? x : box->x1;
    box->y1 = y < box->y1 ? y : box->y1;
    box->x2 = x + 1 > box->x2 ? x + 1 : box->x2;
    box->y2 = y + 1 > box->y2 ? y + 1 : box->y2;
    for (int k = 0; k < 9; k++)
        flood(mask, width, height, x + k % 3 - 1, y + k / 3 - 1, box);
}

/* Every region of the flood is among those found, which are as many and in order. */
static void check_mask(fd_regions *r, const uint8_t *mask, int width, int height)
{
    static uint8_t copy[WIDE * HIGH];
    int64_t n = 0;
    memcpy(copy, mask, (size_t)(width * height));
    assert_ok(fd_regions_find(r, mask, width, height));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            fd_region_box box = {width, height, 0, 0, 0};
            int64_t at = 0;
            if (!copy[y * width + x])
                continue;
            flood(copy, width, height, x, y, &box);
            while (at < r->n && memcmp(&r->box[at], &box, sizeof box) != 0)
                at++;
            assert_true(at < r->n);
            n++;
        }
    assert_int_equal(r->n, n);
    for (int64_t i = 1; i < n; i++)
        assert_true(r->box[i - 1].area >= r->box[i].area);
}

static void regions_are_those_of_a_flood(void **state)
{
    (void)state;
    static uint8_t mask[WIDE * HIGH];
    fd_regions r = {0};
    unsigned seed = 3;
    for (int width = 1; width <= WIDE; width += 13)
        for (int level = 0; level <= 100; level += 10)
            for (int turn = 0; turn < 4; turn++) {
                for (int i = 0; i < width * HIGH; i++) {
                    seed = seed * 1664525u + 1013904223u;
                    mask[i] = (int)(seed >> 8) % 100 < level ? 255 : 0;
                }
                check_mask(&r, mask, width, HIGH);
            }
    fd_regions_free(&r);
}

/* A spiral, a comb and corners: one region each. */
static void arms_that_meet_late_are_one(void **state)
{
    (void)state;
    static const char *const pictures[][6] = {
        {"#######", "......#", "####..#", "#.....#", "#######", "......."},
        {"#.#.#.#", "#.#.#.#", "#.#.#.#", "#######", ".......", "......."},
        {"#.#.#.#", ".#.#.#.", "#.#.#.#", ".#.#.#.", "#.....#", "......."},
    };
    fd_regions r = {0};
    for (int p = 0; p < 3; p++) {
        uint8_t mask[42];
        for (int i = 0; i < 42; i++)
            mask[i] = pictures[p][i / 7][i % 7] == '#' ? 255 : 0;
        check_mask(&r, mask, 7, 6);
        assert_int_equal(r.n, 1);
    }
    fd_regions_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_those_of_a_flood),
        cmocka_unit_test(arms_that_meet_late_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
