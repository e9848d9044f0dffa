/* The parts of the face room that need no network: similarity and choice. */
#include "check.h"

#include <math.h>

#include "face/analyzer.h"

static void similarity_is_found_exactly(void **state)
{
    (void)state;
    const double from[5][2] = {{0, 0}, {4, 0}, {2, 2}, {0, 4}, {4, 4}};
    double to[5][2], map[6];
    for (int i = 0; i < 5; i++) {   /* a quarter turn, twice the size, moved by (10, -3): all of it exact in binary */
        to[i][0] = -2 * from[i][1] + 10;
        to[i][1] = 2 * from[i][0] - 3;
    }
    assert_true(fd_similarity(from, to, map));
    const double wanted[6] = {0, -2, 10, 2, 0, -3};
    for (int k = 0; k < 6; k++)
        assert_true(fabs(map[k] - wanted[k]) < 1e-14);   /* means of fifths round */
}

/* A mirrored pattern has no similarity without reflection that meets it: the best keeps the middle, and no angle is preferred here. */
static void similarity_never_mirrors(void **state)
{
    (void)state;
    const double from[5][2] = {{-2, -1}, {2, -1}, {0, 0}, {-2, 1}, {2, 1}};
    double to[5][2], map[6];
    for (int i = 0; i < 5; i++) {
        to[i][0] = -from[i][0];
        to[i][1] = from[i][1];
    }
    assert_true(fd_similarity(from, to, map));
    /* sum of squares 20; along = sum(-x x + y y) = -16 + 4 = -12: a = -0.6, a half turn */
    assert_true(fabs(map[0] + 0.6) < 1e-14 && fabs(map[3]) < 1e-14 && map[0] * map[4] - map[1] * map[3] > 0);
}

static void similarity_refuses_a_point(void **state)
{
    (void)state;
    const double one[5][2] = {{3, 3}, {3, 3}, {3, 3}, {3, 3}, {3, 3}}, five[5][2] = {{0, 0}, {4, 0}, {2, 2}, {0, 4}, {4, 4}};
    const double bad[5][2] = {{0, 0}, {NAN, 0}, {2, 2}, {0, 4}, {4, 4}};
    double map[6];
    assert_false(fd_similarity(one, five, map));
    assert_false(fd_similarity(five, one, map));
    assert_false(fd_similarity(bad, five, map));
}

static fd_faces three(void)
{
    fd_faces f = {.n = 3};
    f.face = calloc(3, sizeof *f.face);
    f.face[0] = (fd_face){.box = {0, 0, 40, 40}, .score = 0.8f};
    f.face[1] = (fd_face){.box = {60, 40, 80, 60}, .score = 0.9f};
    f.face[2] = (fd_face){.box = {40, 45, 50, 55}, .score = 0.9f};
    return f;
}

static float chosen(fd_choice choice, int32_t width, int32_t height)
{
    fd_faces f = three();
    fd_choose(&f, choice, width, height);
    assert_int_equal(f.n, 1);
    const float x = f.face[0].box[0];
    fd_faces_free(&f);
    return x;
}

static void chooses_with_ties_to_the_larger(void **state)
{
    (void)state;
    assert_true(chosen(FD_FACES_LARGEST, 100, 100) == 0);
    assert_true(chosen(FD_FACES_BEST, 100, 100) == 60);   /* two of score 0.9: the larger */
    assert_true(chosen(FD_FACES_CENTER, 100, 100) == 40);   /* middle (45, 50), 5 away */
    assert_true(chosen(FD_FACES_CENTER, 115, 100) == 60);   /* (70, 50) and (45, 50) are both 12.5 from (57.5, 50): the larger */
    fd_faces all = three(), none = {0};
    fd_choose(&all, FD_FACES_ALL, 100, 100);
    assert_int_equal(all.n, 3);
    fd_faces_free(&all);
    fd_choose(&none, FD_FACES_BEST, 100, 100);
    assert_int_equal(none.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(similarity_is_found_exactly),
        cmocka_unit_test(similarity_never_mirrors),
        cmocka_unit_test(similarity_refuses_a_point),
        cmocka_unit_test(chooses_with_ties_to_the_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
