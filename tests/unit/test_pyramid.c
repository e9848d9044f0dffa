/* Levels of a pyramid, and their cutting and packing: each cell once, each piece where P-Net's arithmetic is that of the whole level. */
#include "check.h"

#include "face/pyramid.h"

static void levels_by_hand(void **state)
{
    (void)state;
    fd_levels l = {0};
    assert_ok(fd_levels_add(&l, 3, 40, 30, 12, 0.5));   /* 30, 15, 7.5: two levels, at scales 1 and 1/2 */
    assert_int_equal(l.n, 2);
    assert_int_equal(l.level[0].picture, 3);
    assert_int_equal(l.level[0].width, 41);   /* floor(w s + 1) */
    assert_int_equal(l.level[0].height, 31);
    assert_int_equal(l.level[1].width, 21);
    assert_int_equal(l.level[1].height, 16);
    assert_true(l.level[1].scale == 0.5f);
    l.n = 0;
    assert_ok(fd_levels_add(&l, 0, 20, 20, 20, 0.709));   /* 12 exactly */
    assert_int_equal(l.n, 1);
    assert_int_equal(l.level[0].width, 13);
    l.n = 0;
    assert_ok(fd_levels_add(&l, 0, 2000, 19, 20, 0.709));
    assert_int_equal(l.n, 0);
    assert_ok(fd_levels_add(&l, 0, 65535, 65535, 12, 0.99));
    assert_true(l.n > 800);
    free(l.level);
}

static void cells_of_a_side(void **state)
{
    (void)state;
    /* 12: conv 10, pool 5, conv 3, conv 1; 13: conv 11, pool 6 (hanging over), 4, 2 */
    const int32_t sides[][2] = {{11, 1}, {12, 1}, {13, 2}, {14, 2}, {15, 3}, {100, 45}, {101, 46}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        assert_int_equal(fd_cells(sides[i][0]), sides[i][1]);
}

/* Counts each cell of the level; checks that pixels are those that its cells see. */
static void check_pieces(const fd_pieces *pieces, const fd_level *level)
{
    const int32_t rows = fd_cells(level->height), columns = fd_cells(level->width);
    uint8_t *seen = calloc((size_t)rows * (size_t)columns, 1);
    for (int32_t k = 0; k < pieces->n; k++) {
        const fd_piece *p = &pieces->piece[k];
        assert_true(p->rows > 0 && p->columns > 0 && p->row + p->rows <= rows && p->column + p->columns <= columns);
        assert_int_equal(fd_cells(p->height), p->rows);
        assert_int_equal(fd_cells(p->width), p->columns);
        assert_true(2 * p->row + p->height <= level->height && 2 * p->column + p->width <= level->width);
        assert_true(p->height % 2 == 0 || 2 * p->row + p->height == level->height);
        assert_true(p->width % 2 == 0 || 2 * p->column + p->width == level->width);
        for (int32_t i = 0; i < p->rows; i++)
            for (int32_t j = 0; j < p->columns; j++)
                seen[(p->row + i) * columns + p->column + j]++;
    }
    for (int32_t i = 0; i < rows * columns; i++)
        assert_int_equal(seen[i], 1);
    free(seen);
}

static void cuts_hold_each_cell_once(void **state)
{
    (void)state;
    fd_pieces strips = {0}, tiles = {0};
    for (int32_t height = 13; height < 90; height++)
        for (int32_t width = 13; width < 60; width += 11) {
            const fd_level level = {.height = height, .width = width};
            strips.n = tiles.n = 0;
            assert_ok(fd_cut_strips(&strips, &level, 0, 1000));
            check_pieces(&strips, &level);
            for (int32_t k = 0; k < strips.n; k++)
                assert_true(strips.piece[k].height >= FD_CELL && strips.piece[k].width == width);
            assert_ok(fd_cut_tiles(&tiles, &level, 0, 23 + height % 9 / 2 * 2));
            check_pieces(&tiles, &level);
        }
    free(strips.piece);
    free(tiles.piece);
}

static void check_canvases(const fd_pieces *pieces, int32_t side, int32_t canvases)
{
    uint8_t *taken = calloc((size_t)canvases * (size_t)side * (size_t)side, 1);
    for (int32_t k = 0; k < pieces->n; k++) {
        const fd_piece *p = &pieces->piece[k];
        assert_true(p->canvas >= 0 && p->canvas < canvases && (k == 0 || p->canvas >= pieces->piece[k - 1].canvas));
        assert_true(p->y >= 0 && p->x >= 0 && p->y + p->height <= side && p->x + p->width <= side && p->y % 2 == 0 && p->x % 2 == 0);
        assert_true(p->height % 2 == 0 || p->y + p->height == side);
        assert_true(p->width % 2 == 0 || p->x + p->width == side);
        for (int32_t i = 0; i < p->height; i++)
            for (int32_t j = 0; j < p->width; j++)
                assert_int_equal(taken[((size_t)p->canvas * (size_t)side + (size_t)(p->y + i)) * (size_t)side + (size_t)(p->x + j)]++, 0);
    }
    free(taken);
}

/* Pyramids of many sizes together on canvases of several sides. */
static void packs_without_overlap(void **state)
{
    (void)state;
    const int32_t sides[] = {23, 47, 159, 191};
    for (int s = 0; s < 4; s++) {
        fd_levels levels = {0};
        fd_pieces pieces = {0};
        int32_t canvases = 0;
        int64_t pixels = 0;
        for (int32_t i = 0; i < 12; i++)
            assert_ok(fd_levels_add(&levels, i, 40 + 37 * i % 300, 60 + 53 * i % 250, 20, 0.709));
        for (int32_t i = 0; i < levels.n; i++)
            assert_ok(fd_cut_tiles(&pieces, &levels.level[i], i, sides[s]));
        for (int32_t k = 0; k < pieces.n; k++)
            pixels += (int64_t)pieces.piece[k].height * pieces.piece[k].width;
        assert_ok(fd_pack_canvases(&pieces, sides[s], &canvases));
        check_canvases(&pieces, sides[s], canvases);
        if (sides[s] == 159) /* the default: most of a canvas is used, odd corners or not */
            assert_true(pixels * 5 > 2 * (int64_t)canvases * sides[s] * sides[s]);
        free(levels.level);
        free(pieces.piece);
    }
}

static void packs_nothing(void **state)
{
    (void)state;
    fd_pieces pieces = {0};
    int32_t canvases = -1;
    assert_ok(fd_pack_canvases(&pieces, 191, &canvases));
    assert_int_equal(canvases, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_by_hand),        cmocka_unit_test(cells_of_a_side), cmocka_unit_test(cuts_hold_each_cell_once),
        cmocka_unit_test(packs_without_overlap), cmocka_unit_test(packs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
