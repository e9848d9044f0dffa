/* Ranking and suppression: by hand, then against the plain definition on crowds. */
#include "check.h"

#include <math.h>
#include <stdbool.h>

#include "face/proposal.h"
#include "kernels/math/nms.h"

static fd_proposal at(float x1, float y1, float x2, float y2, float score)
{
    return (fd_proposal){.box = {x1, y1, x2, y2}, .score = score};
}

/* `picture` marks who is who. */
static void number(fd_proposal *p, int n)
{
    for (int i = 0; i < n; i++)
        p[i].picture = i;
}

static void assert_left(const fd_proposal *p, int n, const int *wanted, int n_wanted)
{
    assert_int_equal(n, n_wanted);
    for (int i = 0; i < n; i++)
        assert_int_equal(p[i].picture, wanted[i]);
}

static void ranks_by_score_then_place(void **state)
{
    (void)state;
    fd_nms_work w = {0};
    const fd_proposal p[] = {at(0, 0, 1, 1, 0.5f),  at(0, 0, 1, 1, 1.0f),  at(0, 0, 1, 1, 0.5f),
                             at(0, 0, 1, 1, 0.75f), at(0, 0, 1, 1, -0.0f), at(0, 0, 1, 1, 0.0f)};
    fd_proposal q[6];
    memcpy(q, p, sizeof p);
    number(q, 6);
    assert_ok(fd_rank(&w, q, 6, FD_EARLIER_FIRST));
    assert_left(q, 6, (int[]){1, 3, 0, 2, 4, 5}, 6);
    memcpy(q, p, sizeof p);
    number(q, 6);
    assert_ok(fd_rank(&w, q, 6, FD_LATER_FIRST));
    assert_left(q, 6, (int[]){1, 3, 2, 0, 5, 4}, 6);
    assert_ok(fd_rank(&w, q, 0, FD_EARLIER_FIRST));
    fd_nms_work_free(&w);
}

/* Boxes 10 wide; (0..10) and (5..15) share 50 of 150: IoU 1/3; (0..10) and (2..12): 80 / 120 = 2/3; 10x20 over 10x10: exactly 1/2. */
static void suppresses_above_the_limit_only(void **state)
{
    (void)state;
    fd_nms_work w = {0};
    fd_proposal p[] = {at(0, 0, 10, 10, 0.9f), at(0, 0, 10, 20, 0.8f), at(2, 0, 12, 10, 0.7f), at(5, 0, 15, 10, 0.6f)};
    int32_t n = 4;
    number(p, 4);
    assert_ok(fd_suppress(&w, p, &n, FD_OVERLAP_UNION, 0.5f));
    assert_left(p, n, (int[]){0, 1, 3}, 3);   /* the second is at 0.5, not above; the third goes by the first */
    fd_nms_work_free(&w);
}

/* A suppressed box suppresses nobody: 0 takes 1, so 2 stays though 1 would have taken it. */
static void the_suppressed_do_not_suppress(void **state)
{
    (void)state;
    fd_nms_work w = {0};
    fd_proposal p[] = {at(0, 0, 12, 12, 0.9f), at(3, 0, 15, 12, 0.8f), at(6, 0, 18, 12, 0.7f)};
    int32_t n = 3;
    number(p, 3);
    assert_ok(fd_suppress(&w, p, &n, FD_OVERLAP_UNION, 0.5f));
    assert_left(p, n, (int[]){0, 2}, 2);
    fd_nms_work_free(&w);
}

/* Sides with +1: (0..9) has area 100, (0..4) 25 and lies within; 25 / 25 > 0.7. (8..17) shares 2 x 10 = 20 of 100. */
static void min_measures_against_the_smaller(void **state)
{
    (void)state;
    fd_nms_work w = {0};
    fd_proposal p[] = {at(0, 0, 4, 4, 0.9f), at(0, 0, 9, 9, 0.8f), at(8, 0, 17, 9, 0.7f), at(3, 0, 12, 9, 0.6f)};
    int32_t n = 4;
    number(p, 4);
    assert_ok(fd_suppress(&w, p, &n, FD_OVERLAP_MIN, 0.7f));
    assert_left(p, n, (int[]){0, 2, 3}, 3);   /* (3..12) and (0..4) share 2 x 5 = 10 of 25; and (8..17): 5 x 10 = 50 of 100 */
    fd_nms_work_free(&w);
}

/* No area, turned inside out, infinite: such boxes overlap nobody. */
static void odd_boxes_stand_alone(void **state)
{
    (void)state;
    fd_nms_work w = {0};
    fd_proposal p[] = {at(5, 5, 5, 5, 0.9f),
                       at(5, 5, 5, 5, 0.9f),
                       at(9, 9, 1, 1, 0.8f),
                       at(9, 9, 1, 1, 0.8f),
                       at(-INFINITY, 0, INFINITY, 9, 0.7f),
                       at(-INFINITY, 0, INFINITY, 9, 0.7f),
                       at(-3e30f, -3e30f, 3e30f, 3e30f, 0.6f),
                       at(-2e18f, -2e18f, 2e18f, 2e18f, 0.5f),
                       at(-2e18f, -2e18f, 2e18f, 2e18f, 0.5f),
                       at(0, 0, 1e-9f, 1e30f, 0.4f)};
    int32_t n = 10;
    number(p, 10);
    assert_ok(fd_suppress(&w, p, &n, FD_OVERLAP_UNION, 0.5f));
    assert_left(p, n, (int[]){0, 1, 2, 3, 4, 5, 6, 7, 9}, 9);
    fd_nms_work_free(&w);
}

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static int32_t plain(fd_proposal *p, int32_t n, float limit)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < n; i++) {
        bool gone = false;
        for (int32_t j = 0; j < kept && !gone; j++)
            gone = fd_nms_union(p[j].box, p[i].box, limit);
        if (!gone)
            p[kept++] = p[i];
    }
    return kept;
}

/* Crowds of one size as a level has them, of all sizes, of slivers, far from the origin: exactly the boxes of the definition. */
static void equals_the_definition_on_crowds(void **state)
{
    (void)state;
    enum { N = 3000 };
    static fd_proposal p[N], q[N];
    fd_nms_work w = {0};
    uint32_t seed = 1;
    for (int kind = 0; kind < 5; kind++)
        for (int limit = 5; limit <= 7; limit += 2) {
            for (int i = 0; i < N; i++) {
                float x = (float)(next(&seed) % 400) - (kind == 3 ? 60000.0f : 20.0f), y = (float)(next(&seed) % 300) - 20.0f, size = 18.0f;
                if (kind >= 1)
                    size = (float)(next(&seed) % 100000) / 1000.0f + (kind == 2 ? 0.0f : 10.0f);
                float height = kind == 4 ? size * (float)(1 + next(&seed) % 9) : size;
                q[i] = p[i] = at(x, y, x + size, y + height, 1.0f);
                q[i].picture = p[i].picture = i;
            }
            int32_t n = N;
            assert_ok(fd_suppress(&w, p, &n, FD_OVERLAP_UNION, (float)limit / 10));
            const int32_t wanted = plain(q, N, (float)limit / 10);
            assert_int_equal(n, wanted);
            assert_true(wanted > 100 && wanted < N);
            for (int32_t i = 0; i < n; i++)
                assert_int_equal(p[i].picture, q[i].picture);
        }
    fd_nms_work_free(&w);
}

/* Every cell of a level of 3 megapixels a candidate: must end at once (all pairs would take minutes). */
static void a_million_boxes_take_no_time(void **state)
{
    (void)state;
    enum { ROWS = 850, COLUMNS = 880 };
    fd_proposal *p = calloc((size_t)ROWS * COLUMNS, sizeof *p);
    fd_nms_work w = {0};
    uint32_t seed = 7;
    int32_t n = 0;
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++)
            p[n++] = (fd_proposal){.box = fd_box_of_cell(row, column, 0.6f), .score = (float)(next(&seed) % 1000) / 1000.0f};
    assert_ok(fd_rank(&w, p, n, FD_EARLIER_FIRST));
    assert_ok(fd_suppress(&w, p, &n, FD_OVERLAP_UNION, 0.5f));
    assert_true(n > 10000 && n < ROWS * COLUMNS / 4);
    fd_nms_work_free(&w);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_by_score_then_place),      cmocka_unit_test(suppresses_above_the_limit_only),
        cmocka_unit_test(the_suppressed_do_not_suppress), cmocka_unit_test(min_measures_against_the_smaller),
        cmocka_unit_test(odd_boxes_stand_alone),          cmocka_unit_test(equals_the_definition_on_crowds),
        cmocka_unit_test(a_million_boxes_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
