/* Lists of the nearest and spilled pairs: whatever the order of what is put into them, by however many hands. */
#include "check.h"

#include <unistd.h>

#include "dist/dist.h"

/* 40 values for one row, few of them different, dealt to two threads' lists that both know the first ten. */
static void test_lists_do_not_depend_on_the_order(void **state)
{
    (void)state;
    enum { N = 40, K = 12 };
    for (int step = 1; step < N; step += 2) {   /* odd steps not divisible by 5 visit every value once */
        fd_lists *l = NULL;
        fd_topk own[2], shared;
        if (step % 5 == 0)
            continue;
        assert_ok(fd_lists_open(FD_EUCLIDEAN, 65, 64, K, &l));
        assert_false(fd_lists_touched(l, 1));
        assert_ok(fd_lists_lock(l, 1, &shared));
        for (int i = 0; i < 10; i++)
            fd_topk_insert(&shared, FD_EUCLIDEAN, 0, (float)(i * step % N / 4), i * step % N);
        fd_lists_unlock(l, 1);
        for (int t = 0; t < 2; t++) {
            assert_ok(fd_lists_own(l, &own[t]));
            assert_ok(fd_lists_borrow(l, 1, &own[t]));
        }
        for (int i = 10; i < N; i++)
            fd_topk_insert(&own[i % 2], FD_EUCLIDEAN, 0, (float)(i * step % N / 4), i * step % N);
        for (int t = 0; t < 2; t++) {
            assert_ok(fd_lists_merge(l, 1, &own[t]));
            fd_lists_release(&own[t]);
        }
        assert_ok(fd_lists_lock(l, 1, &shared));
        for (int at = 0; at < K; at++) {
            assert_int_equal(shared.index[at], at);
            assert_true(shared.distance[at] == (float)(at / 4));
        }
        fd_lists_unlock(l, 1);
        assert_true(fd_lists_touched(l, 1) && !fd_lists_touched(l, 0));
        fd_lists_close(l);
    }
}

enum { ROWS = 60 };
#define OLD "/tmp/facesdist-pairs-old.part"
#define NEW "/tmp/facesdist-pairs-new.part"

/* Some of the pairs i < j of 60 rows, in a wild order, through the buffers. */
static void spill_pairs(fd_spill *s, int from, int to)
{
    for (int k = from; k < to; k++) {
        const int64_t i = k * 7 % (ROWS * ROWS) / ROWS, j = k * 7 % (ROWS * ROWS) % ROWS;   /* 7 and ROWS * ROWS have no common factor */
        fd_pair *pair = NULL;
        int64_t *count = NULL, room = 0;
        if (i >= j)
            continue;
        assert_ok(fd_spill_buffer(s, 3, &pair, &count, &room));
        assert_true(*count + 3 <= room);
        pair[(*count)++] = (fd_pair){i, j, (float)(i + j)};
    }
}

/* Every pair and its mirror image is in `got`. */
static void check_pairs(fd_pair *got, size_t n)
{
    fd_pairs_sort(got, n);
    assert_int_equal(n, ROWS * (ROWS - 1));
    for (size_t k = 0; k < n; k++) {
        const int64_t i = (int64_t)k / (ROWS - 1), place = (int64_t)k % (ROWS - 1), j = place + (place >= i);
        assert_true(got[k].i == i && got[k].j == j && got[k].distance == (float)(i + j));
    }
}

/* All pairs through buffers of 7 pairs, taken back a few rows at a time. */
static void test_pairs_come_back_sorted(void **state)
{
    (void)state;
    int64_t counts[ROWS] = {0};
    fd_spill *s = NULL;
    fd_pair *got = NULL;
    size_t n = 0, capacity = 0;
    assert_ok(fd_spill_open(OLD, 7, true, counts, &s));
    spill_pairs(s, 0, ROWS * ROWS);
    assert_ok(fd_spill_rewind(s));
    for (int64_t i = 0; i < ROWS; i++)
        assert_int_equal(counts[i], ROWS - 1);
    for (int64_t end = 1; end <= ROWS; end += end == 1 ? 2 : 19) {
        const size_t before = n;
        assert_ok(fd_spill_take(s, end, &got, &n, &capacity));
        fd_pairs_sort(got + before, n - before);
        assert_int_equal(n, end * (ROWS - 1));
    }
    assert_ok(fd_spill_take(s, ROWS, &got, &n, &capacity));
    check_pairs(got, n);
    free(got);
    fd_spill_close(s);
    unlink(OLD);
}

/* What was saved of a file is taken over, what came after that is not; a changed byte is found. */
static void test_saved_pairs_are_adopted(void **state)
{
    (void)state;
    int64_t counts[ROWS] = {0}, again[ROWS] = {0}, unused[ROWS] = {0};
    fd_spill *first = NULL, *old = NULL, *rest = NULL, *bad = NULL;
    const fd_spill_run *run = NULL;
    fd_spill_run kept[ROWS * ROWS];
    size_t runs = 0, n = 0, capacity = 0;
    fd_pair *got = NULL;
    assert_ok(fd_spill_open(OLD, 7, true, counts, &first));
    spill_pairs(first, 0, 1000);
    assert_ok(fd_spill_save(first, &run, &runs));
    memcpy(kept, run, runs * sizeof *run);
    spill_pairs(first, 1000, 1500);   /* lost: the process is killed */
    fd_spill_close(first);
    assert_ok(fd_spill_adopt(OLD, kept, runs, ROWS, again, &old));
    assert_ok(fd_spill_open(NEW, 7, true, again, &rest));
    spill_pairs(rest, 1000, ROWS * ROWS);
    assert_ok(fd_spill_rewind(old));
    assert_ok(fd_spill_rewind(rest));
    for (int64_t i = 0; i < ROWS; i++)
        assert_int_equal(again[i], ROWS - 1);
    assert_ok(fd_spill_take(old, ROWS, &got, &n, &capacity));
    assert_ok(fd_spill_take(rest, ROWS, &got, &n, &capacity));
    check_pairs(got, n);
    free(got);
    fd_spill_close(old);
    fd_spill_close(rest);
    kept[runs / 2].crc ^= 1;
    assert_fails(fd_spill_adopt(OLD, kept, runs, ROWS, unused, &bad), FD_FORMAT, "damaged");
    kept[runs / 2].crc ^= 1;
    assert_fails(fd_spill_adopt(OLD, kept, runs, ROWS - 1, unused, &bad), FD_FORMAT, "damaged");
    unlink(OLD);
    unlink(NEW);
}

static void test_a_deal_gives_every_tile_once(void **state)
{
    (void)state;
    for (int triangle = 0; triangle < 2; triangle++) {
        uint8_t given[40][60] = {{0}};
        fd_deal d = {.window = {.triangle = triangle, .first_row = 3, .first_column = triangle ? 3 : 11, .rows = 37, .columns = triangle ? 37 : 41}};
        int64_t I = 0, J = 0, n = 0, all = 0;
        fd_deal_share(&d, 1, 0);
        while ((n = fd_deal_take(&d, &I, &J)) > 0)
            for (int64_t j = J; j < J + n; j++, all++) {
                assert_true(I >= 3 && I < 40 && j < d.window.first_column + d.window.columns && (!triangle || j >= I));
                assert_int_equal(given[I][j]++, 0);
            }
        assert_int_equal(all, triangle ? 37 * 38 / 2 : 37 * 41);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_do_not_depend_on_the_order),
        cmocka_unit_test(test_pairs_come_back_sorted),
        cmocka_unit_test(test_saved_pairs_are_adopted),
        cmocka_unit_test(test_a_deal_gives_every_tile_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
