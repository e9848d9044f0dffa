/* How long intervals cover together, against counting whole seconds. */
#include "check.h"

#include "engine/cuda/spans.h"

enum { SECONDS = 2000 };

static void overlaps_count_once(void **state)
{
    (void)state;
    fd_spans s = {0};
    assert_true(fd_spans_total(&s) == 0);
    fd_spans_add(&s, 5, 5);
    fd_spans_add(&s, 5, 4);
    assert_true(fd_spans_total(&s) == 0);
    fd_spans_add(&s, 10, 20);
    fd_spans_add(&s, 12, 15);   /* inside */
    fd_spans_add(&s, 20, 22);   /* touches */
    fd_spans_add(&s, 30, 31);
    fd_spans_add(&s, 1, 3);   /* before all */
    assert_true(s.n == 3 && fd_spans_total(&s) == 2 + 12 + 1);
    fd_spans_add(&s, 2, 40);
    assert_true(s.n == 1 && fd_spans_total(&s) == 39);
}

/* Two lanes whose spans come in by lane, up to some way late; whole numbers, so that sums are exact. */
static void lanes_that_come_late(void **state)
{
    (void)state;
    static char busy[SECONDS];
    fd_spans s = {0};
    uint32_t random = 12345;
    memset(busy, 0, sizeof busy);
    for (int block = 0; block + 100 <= SECONDS; block += 100)
        for (int lane = 0; lane < 2; lane++)
            for (int at = block; at < block + 100;) {
                random = random * 1664525u + 1013904223u;
                const int begin = at + (int)(random >> 16) % 5, end = begin + (int)(random >> 24) % 4;
                for (int t = begin; t < end && t < SECONDS; t++)
                    busy[t] = 1;
                fd_spans_add(&s, begin, end < SECONDS ? end : SECONDS);
                at = end > at ? end : at + 1;
            }
    int expected = 0;
    for (int t = 0; t < SECONDS; t++)
        expected += busy[t];
    assert_true(s.settled > 0);   /* more than are kept */
    assert_true(fd_spans_total(&s) == expected);
}

/* What comes later than can be kept is left out, never counted twice. */
static void too_late_is_left_out(void **state)
{
    (void)state;
    fd_spans s = {0};
    for (int i = 0; i < 3 * FD_SPANS; i++)
        fd_spans_add(&s, 2 * i, 2 * i + 1);
    assert_true(fd_spans_total(&s) == 3 * FD_SPANS);
    fd_spans_add(&s, 0, 1);
    assert_true(fd_spans_total(&s) == 3 * FD_SPANS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlaps_count_once),
        cmocka_unit_test(lanes_that_come_late),
        cmocka_unit_test(too_late_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
