/* What is done and what is left: covers of windows and rings against counting, and parts of what is left. */
#include "check.h"

#include "dist/deal.h"

enum { MOST = 24 };

/* The steps of a ring, played: each meeting of two panels marks its tiles with the step. */
static void play_ring(const fd_grid *g, int ranks, int moving, int8_t step_of[MOST][MOST])
{
    memset(step_of, -1, MOST * MOST);
    const int steps = g->symmetric ? ranks / 2 + 1 : ranks;
    for (int step = 0; step < steps; step++)
        for (int r = 0; r < ranks; r++) {
            const int guest = (r + step) % ranks, row = g->symmetric || moving == 1 ? r : guest, column = row == r ? guest : r;
            const int rows = g->symmetric && guest < r ? guest : row, columns = g->symmetric && guest < r ? r : column;
            for (int64_t I = fd_ring_first(g->blocks[0], ranks, rows); I < fd_ring_first(g->blocks[0], ranks, rows + 1); I++)
                for (int64_t J = fd_ring_first(g->blocks[1], ranks, columns); J < fd_ring_first(g->blocks[1], ranks, columns + 1); J++)
                    if (step_of[I][J] < 0)
                        step_of[I][J] = (int8_t)step;
        }
}

static void test_rings_cover_what_met(void **state)
{
    (void)state;
    int8_t step_of[MOST][MOST];
    for (int ranks = 1; ranks <= 9; ranks++)
        for (int kind = 0; kind < 3; kind++) {   /* symmetric; rows go round; columns do */
            const fd_grid grid = {kind == 0, {13, kind == 0 ? 13 : 17}};
            const int moving = kind == 2;
            play_ring(&grid, ranks, moving, step_of);
            for (int steps = 0; steps <= ranks; steps++) {
                const fd_cover cover = {.kind = FD_COVER_RING, .ranks = ranks, .steps = steps, .moving = moving};
                const fd_coverage c = {grid, &cover, 1};
                for (int64_t I = 0; I < 13; I++)
                    for (int64_t J = kind == 0 ? I : 0; J < grid.blocks[1]; J++) {
                        assert_true(step_of[I][J] >= 0);
                        assert_int_equal(fd_covered(&c, I, J), step_of[I][J] < steps);
                    }
            }
        }
}

static void test_every_block_is_in_its_panel(void **state)
{
    (void)state;
    for (int64_t blocks = 1; blocks <= 40; blocks++)
        for (int64_t ranks = 1; ranks <= 50; ranks++)
            for (int64_t b = 0; b < blocks; b++) {
                const int64_t r = fd_ring_panel(blocks, ranks, b);
                assert_true(fd_ring_first(blocks, ranks, r) <= b && b < fd_ring_first(blocks, ranks, r + 1));
            }
}

/* Parts of a window of which some is done: each tile that is left once, none that is done, parts alike. */
static void share_out(const fd_coverage *done, const fd_grid_window *w, int parts)
{
    uint8_t given[MOST][MOST] = {{0}};
    int64_t least = INT64_MAX, most = 0;
    for (int p = 0; p < parts; p++) {
        fd_deal d = {.window = *w, .done = done};
        int64_t I, J, n, all = 0;
        fd_deal_share(&d, parts, p);
        while ((n = fd_deal_take(&d, &I, &J)) > 0)
            for (int64_t k = 0; k < n; k++, all++) {
                assert_false(fd_covered(done, I, J + k));
                assert_int_equal(given[I][J + k]++, 0);
            }
        assert_true(d.next == d.end);
        least = all < least ? all : least;
        most = all > most ? all : most;
    }
    assert_true(most - least <= 1);
    for (int64_t I = w->first_row; I < w->first_row + w->rows; I++)
        for (int64_t J = w->triangle ? I : w->first_column; J < w->first_column + w->columns; J++)
            assert_int_equal(given[I][J], !fd_covered(done, I, J));
}

static void test_what_is_left_is_shared_out(void **state)
{
    (void)state;
    const fd_cover cover[] = {
        {.window = {true, 0, 0, 20, 20}, .from = 5, .to = 60},
        {.window = {false, 4, 9, 6, 8}, .from = 0, .to = 20},
        {.kind = FD_COVER_RING, .ranks = 7, .steps = 2},
        {.window = {false, 0, 0, 20, 20}, .to = 400},
    };
    const fd_grid_window windows[] = {{true, 0, 0, 20, 20}, {true, 3, 3, 9, 9}, {false, 0, 10, 10, 10}, {false, 2, 12, 5, 8}, {true, 7, 7, 0, 0}};
    for (size_t n = 0; n <= 4; n++) {
        const fd_coverage done = {{true, {20, 20}}, cover, n};
        for (size_t k = 0; k < sizeof windows / sizeof *windows; k++)
            for (int parts = 1; parts <= 5; parts++)
                share_out(&done, &windows[k], parts);
    }
}

/* A deal that is closed gives nothing, and goes on where it was. */
static void test_a_closed_deal_goes_on(void **state)
{
    (void)state;
    fd_deal d = {.window = {false, 0, 0, 10, 20}};
    int64_t I, J, all = 0, n;
    fd_deal_share(&d, 1, 0);
    while ((n = fd_deal_take(&d, &I, &J)) > 0) {
        all += n;
        assert_int_equal(d.next, all);
        atomic_store(&d.closed, true);
        assert_int_equal(fd_deal_take(&d, &I, &J), 0);
        atomic_store(&d.closed, false);
    }
    assert_int_equal(all, 200);
}

static void test_numbers_that_are_no_cover(void **state)
{
    (void)state;
    const fd_grid grid = {true, {20, 20}};
    const fd_cover good = {.window = {true, 3, 3, 9, 9}, .from = 2, .to = 7};
    fd_cover back;
    int64_t numbers[FD_COVER_NUMBERS];
    fd_cover_pack(&good, numbers);
    assert_true(fd_cover_unpack(numbers, &grid, &back));
    assert_true(back.kind == good.kind && back.window.triangle && back.window.rows == 9 && back.from == 2 && back.to == 7);
    for (int i = 0; i < FD_COVER_NUMBERS; i++) {
        fd_cover_pack(&good, numbers);
        numbers[i] = -1;
        assert_false(fd_cover_unpack(numbers, &grid, &back));
    }
    static const int of_size[] = {0, 2, 3, 4, 5};
    for (size_t i = 0; i < 5; i++) {
        fd_cover_pack(&good, numbers);
        numbers[of_size[i]] = INT64_MAX;
        assert_false(fd_cover_unpack(numbers, &grid, &back));
    }
    fd_cover_pack(&(fd_cover){.kind = FD_COVER_RING, .ranks = 0}, numbers);
    assert_false(fd_cover_unpack(numbers, &grid, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rings_cover_what_met),
        cmocka_unit_test(test_every_block_is_in_its_panel),
        cmocka_unit_test(test_what_is_left_is_shared_out),
        cmocka_unit_test(test_a_closed_deal_goes_on),
        cmocka_unit_test(test_numbers_that_are_no_cover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
