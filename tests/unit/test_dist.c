/* The plan of tiles, and the matrix that any number of parts makes of it. The engine is ref: what is tested is which tile, where, and how
 * mirrored. */
#include "check.h"
#include "engines.h"

#include <math.h>
#include <stdbool.h>

#include "dist/panel.h"

/* --- the plan ------------------------------------------------------------------------------------------------------------------------ */

static void test_side_is_a_function_of_n(void **state)
{
    (void)state;
    static const int64_t wanted[][3] = {/* n, side, blocks */
                                        {0, 64, 0},    {1, 64, 1},        {64, 64, 1},
                                        {65, 128, 1},  {511, 512, 1},     {512, 512, 1},
                                        {513, 512, 2}, {70000, 512, 137}, {1000000000, 512, 1953125}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        fd_tile_plan plan = fd_tile_plan_of(wanted[i][0]);
        assert_int_equal(plan.side, wanted[i][1]);
        assert_int_equal(plan.blocks, wanted[i][2]);
        assert_int_equal(plan.tiles, plan.blocks * (plan.blocks + 1) / 2);
    }
}

/* Blocks asked for, most rows; side, blocks. Pieces of fd_tile_plan_of's side make up every block, because sources read such. */
static void test_wide_plans(void **state)
{
    (void)state;
    static const int64_t wanted[][5] = {{20000, 1, 1 << 30, 20480, 1}, {20000, 9, 1 << 30, 2560, 8}, {20000, 1, 5000, 4608, 5}, {20000, 1, 100, 512, 40},
                                        {300, 1, 1 << 30, 320, 1}, {0, 3, 4096, 64, 0}, {1000000, 1, 32768, 32768, 31}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const int64_t *w = wanted[i];
        fd_tile_plan plan = fd_tile_plan_wide(w[0], w[1], w[2]);
        assert_int_equal(plan.side, w[3]);
        assert_int_equal(plan.blocks, w[4]);
        assert_int_equal(plan.tiles, plan.blocks * (plan.blocks + 1) / 2);
        assert_int_equal(plan.side % fd_tile_plan_of(w[0]).side, 0);
    }
}

/* Rows, parts; blocks: no fewer give each part its share. */
static void test_even_plans(void **state)
{
    (void)state;
    static const int64_t wanted[][3] = {{20000, 1, 1}, {20000, 2, 4}, {0, 2, 0}, {100, 2, 1}, {1000000, 2, 4}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const fd_tile_plan plan = fd_tile_plan_even(wanted[i][0], (int)wanted[i][1], 9, 1 << 30);
        assert_int_equal(plan.blocks, wanted[i][2]);
    }
    for (int parts = 1; parts <= 64; parts++) {
        const int64_t most = (int64_t)ceil(sqrt(40.0 * parts)), n = 1000000;
        const fd_tile_plan plan = fd_tile_plan_even(n, parts, most, 1 << 30);
        assert_true(plan.blocks <= most);
        for (int p = 0; p < parts; p++) {
            int64_t first, I, J, pairs = 0;
            const int64_t count = fd_tile_plan_share(&plan, parts, p, &first);
            for (int64_t tile = first; tile < first + count; tile++) {
                fd_tile_plan_at(&plan, tile, &I, &J);
                const int64_t rows = fd_tile_plan_rows(&plan, I);
                pairs += I == J ? rows * (rows + 1) / 2 : rows * fd_tile_plan_rows(&plan, J);
            }
            assert_true((double)pairs <= 1.05 * ((double)n * (n + 1) / 2 / parts));
        }
    }
}

static void test_tiles_are_numbered_row_by_row(void **state)
{
    (void)state;
    fd_tile_plan plan = fd_tile_plan_of(20 * 512 + 1);
    int64_t tile = 0, I, J;
    for (int64_t i = 0; i < plan.blocks; i++)
        for (int64_t j = i; j < plan.blocks; j++) {
            fd_tile_plan_at(&plan, tile++, &I, &J);
            assert_int_equal(I, i);
            assert_int_equal(J, j);
        }
    assert_int_equal(tile, plan.tiles);
    plan = fd_tile_plan_of(1000000000); /* 2e12 tiles */
    fd_tile_plan_at(&plan, plan.tiles - 1, &I, &J);
    assert_int_equal(I, plan.blocks - 1);
    assert_int_equal(J, plan.blocks - 1);
    fd_tile_plan_at(&plan, plan.blocks, &I, &J);
    assert_int_equal(I, 1);
    assert_int_equal(J, 1);
}

/* Pairs i <= j. */
static int64_t pairs_of(const fd_tile_plan *plan, int64_t first, int64_t count)
{
    int64_t pairs = 0, I, J;
    for (int64_t k = 0; k < count; k++) {
        fd_tile_plan_at(plan, first + k, &I, &J);
        const int64_t rows = fd_tile_plan_rows(plan, I), columns = fd_tile_plan_rows(plan, J);
        pairs += I == J ? rows * (rows + 1) / 2 : rows * columns;
    }
    return pairs;
}

/* Every tile belongs to exactly one part, and from 20 whole tiles of work per part on no part has 5 % more than the mean. */
static void check_shares(int64_t n, int parts)
{
    fd_tile_plan plan = fd_tile_plan_of(n);
    int64_t next = 0, total = 0, largest = 0, first = -1;
    for (int p = 0; p < parts; p++) {
        int64_t count = fd_tile_plan_share(&plan, parts, p, &first);
        assert_int_equal(first, next);
        assert_true(count >= 0);
        next += count;
        int64_t pairs = pairs_of(&plan, first, count);
        total += pairs;
        largest = pairs > largest ? pairs : largest;
    }
    assert_int_equal(next, plan.tiles);
    if (total >= 20 * plan.side * plan.side * parts)
        assert_true((double)largest <= 1.05 * (double)total / parts);
    assert_true((double)largest <= (double)total / parts + (double)(plan.side * plan.side));
}

static void test_shares_are_fair(void **state)
{
    (void)state;
    for (int64_t n = 0; n <= 12 * 512; n += 171) /* 171: all kinds of last block */
        for (int parts = 1; parts <= 70; parts++)
            check_shares(n, parts);
    static const int64_t large[] = {20000, 103937 /* 203 blocks and a row */};
    for (int parts = 1; parts <= 1024; parts += parts < 8 ? 1 : 127)
        for (int i = 0; i < 2; i++)
            check_shares(large[i], parts);
    check_shares(103937, 1024);
}

static void test_metrics(void **state)
{
    (void)state;
    fd_metric metric = FD_COSINE;
    for (int i = 0; fd_metric_at(i); i++) {
        assert_ok(fd_metric_find(fd_metric_at(i)->name, &metric));
        assert_int_equal(metric, fd_metric_at(i)->metric);
    }
    assert_fails(fd_metric_find("euclidian", &metric), FD_USAGE, "did you mean euclidean?");
    assert_fails(fd_metric_find("xyz", &metric), FD_USAGE, "there is no metric called xyz");
}

/* --- the matrix ---------------------------------------------------------------------------------------------------------------------- */

typedef struct matrix {
    int64_t n, dim, side;
    float *row;
    uint8_t *valid; /* NULL: all are */
    float *served; /* the block handed out last, overwritten by the next: the source may do so */
    uint8_t *served_valid;
    float *full;
    uint8_t *written; /* how often each element was */
} matrix;

static const char *engine_name; /* of the tests that run now */

static fd_error *rows_of(void *self, int64_t first, int64_t count, const float **rows, const uint8_t **valid)
{
    matrix *m = self;
    assert_true(first >= 0 && count >= 0 && first + count <= m->n);
    free(m->served);
    free(m->served_valid);
    m->served = malloc((size_t)(count * m->dim) * sizeof(float) + 1);
    memcpy(m->served, m->row + first * m->dim, (size_t)(count * m->dim) * sizeof(float));
    m->served_valid = malloc((size_t)count + 1);
    if (m->valid)
        memcpy(m->served_valid, m->valid + first, (size_t)count);
    *rows = m->served;
    *valid = m->valid ? m->served_valid : NULL;
    return NULL;
}

static fd_error *take(void *self, int64_t I, int64_t J, const float *values, int64_t rows, int64_t columns, int64_t pitch)
{
    matrix *m = self;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            int64_t at = (I * m->side + i) * m->n + J * m->side + j;
            assert_true(I * m->side + i < m->n && J * m->side + j < m->n);
            m->full[at] = values[i * pitch + j];
            m->written[at]++;
        }
    return NULL;
}

static void compute(matrix *m, fd_metric metric, int parts)
{
    fd_engine *e = NULL;
    fd_lane *lane = NULL;
    m->side = fd_tile_plan_of(m->n).side;
    free(m->full);
    free(m->written);
    m->full = malloc((size_t)(m->n * m->n) * sizeof(float) + 1);
    m->written = calloc((size_t)(m->n * m->n) + 1, 1);
    assert_ok(fd_engine_open(engine_name, &(fd_engine_config){.isa = "auto"}, &e));
    assert_ok(fd_lane_open(e, &lane));
    const fd_tile_plan plan = fd_tile_plan_of(m->n);
    fd_survey survey = FD_SURVEY_EMPTY;
    fd_survey_rows(&survey, m->row, m->valid, m->n, m->dim);
    const fd_scale scale = fd_scale_of(&survey, metric);
    const fd_panel_desc desc = {.metric = metric, .dim = m->dim, .plan = plan, .source = {m, rows_of, false}, .scale = &scale, .tiles = true};
    fd_panel panel;
    assert_ok(fd_panel_open(lane, &desc, 0, plan.blocks, &panel));
    for (int p = parts - 1; p >= 0; p--) {
        fd_deal deal = {.window = {.triangle = true, .rows = plan.blocks, .columns = plan.blocks}};
        int64_t first = 0, count = fd_tile_plan_share(&plan, parts, p, &first);
        atomic_init(&deal.next, first);
        deal.end = first + count;
        fd_dist_job job = {.metric = metric, .dim = m->dim, .side = {plan.side, plan.side}, .symmetric = true, .a = &panel, .b = &panel, .deal = &deal,
                           .scale = &scale, .sink = {m, take}};
        assert_ok(fd_distances(lane, &job));
    }
    fd_panel_close(&panel);
    fd_lane_close(lane);
    fd_engine_close(e);
    for (int64_t k = 0; k < m->n * m->n; k++)
        assert_int_equal(m->written[k], 1);
}

static void drop(matrix *m)
{
    free(m->row);
    free(m->valid);
    free(m->served);
    free(m->served_valid);
    free(m->full);
    free(m->written);
}

/* Rows of small integers, whose squared distances are exact. */
static matrix integers(int64_t n, int64_t dim)
{
    matrix m = {.n = n, .dim = dim};
    m.row = malloc((size_t)(n * dim) * sizeof(float) + 1);
    uint32_t random = 1;
    for (int64_t k = 0; k < n * dim; k++) {
        random = random * 1664525U + 1013904223U;
        m.row[k] = (float)(random >> 28) - 7;
    }
    return m;
}

static float squared(const matrix *m, int64_t i, int64_t j)
{
    float sum = 0;
    for (int64_t k = 0; k < m->dim; k++)
        sum += (m->row[i * m->dim + k] - m->row[j * m->dim + k]) * (m->row[i * m->dim + k] - m->row[j * m->dim + k]);
    return sum;
}

static void test_every_size_and_number_of_parts(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 63, 64, 65, 511, 512, 513, 1025};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        matrix m = integers(sizes[s], 3);
        for (int parts = 1; parts <= 7; parts += 3) {
            compute(&m, FD_SQEUCLIDEAN, parts);
            for (int64_t i = 0; i < m.n; i++)
                for (int64_t j = 0; j < m.n; j++)
                    assert_true(m.full[i * m.n + j] == squared(&m, i, j));
        }
        drop(&m);
    }
}

static bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void test_symmetric_zero_diagonal_any_parts(void **state)
{
    (void)state;
    matrix m = integers(700, 5);
    for (int64_t k = 0; k < m.n * m.dim; k++)
        m.row[k] = m.row[k] / 3 + 0.1F;
    for (fd_metric metric = FD_EUCLIDEAN; metric <= FD_COSINE; metric++) {
        compute(&m, metric, 1);
        float *one = m.full;
        m.full = NULL;
        compute(&m, metric, 3);
        assert_memory_equal(one, m.full, (size_t)(m.n * m.n) * sizeof(float));
        for (int64_t i = 0; i < m.n; i++) {
            assert_true(same_bits(one[i * m.n + i], 0));
            for (int64_t j = 0; j < i; j++)
                assert_true(same_bits(one[i * m.n + j], one[j * m.n + i]) && one[i * m.n + j] >= 0);
        }
        free(one);
    }
    drop(&m);
}

static void test_invalid_rows_are_nan(void **state)
{
    (void)state;
    const uint32_t nan_bits = 0x7fc00000;
    matrix m = integers(530, 2);
    m.valid = malloc(530);
    for (int64_t i = 0; i < m.n; i++)
        m.valid[i] = i % 100 != 17 && i != 529;
    m.row[17 * 2] = NAN;
    m.row[117 * 2] = INFINITY;
    compute(&m, FD_SQEUCLIDEAN, 2);
    for (int64_t i = 0; i < m.n; i++)
        for (int64_t j = 0; j < m.n; j++) {
            float d = m.full[i * m.n + j];
            if (m.valid[i] && m.valid[j])
                assert_true(d == squared(&m, i, j));
            else
                assert_memory_equal(&d, &nan_bits, sizeof d);
        }
    drop(&m);
}

/* Values whose squares float32 cannot hold: scaled by a power of two, which is exact. */
static void test_extreme_magnitudes(void **state)
{
    (void)state;
    for (int up = -110; up <= 110; up += 220) {
        matrix m = integers(70, 3);
        for (int64_t k = 0; k < m.n * m.dim; k++)
            m.row[k] = ldexpf(m.row[k], up);
        matrix small = integers(70, 3);
        compute(&m, FD_EUCLIDEAN, 1);
        compute(&small, FD_EUCLIDEAN, 1);
        for (int64_t k = 0; k < m.n * m.n; k++)
            assert_true(m.full[k] == ldexpf(small.full[k], up));
        compute(&m, FD_SQEUCLIDEAN, 1);
        compute(&small, FD_SQEUCLIDEAN, 1);
        for (int64_t k = 0; k < m.n * m.n; k++)
            assert_true(m.full[k] == ldexpf(small.full[k], 2 * up)); /* +inf or 0 where that is what float32 has */
        drop(&m);
        drop(&small);
    }
}

static void test_cosine_of_rows_of_any_length(void **state)
{
    (void)state;
    static const float angle[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {1, 0}};
    matrix m = integers(4, 2);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++)
            m.row[i * 2 + k] = ldexpf(angle[i][k], i * 60 - 100);
    compute(&m, FD_COSINE, 1);
    static const float wanted[4][4] = {{0, 1, 2, 0}, {1, 0, 1, 1}, {2, 1, 0, 2}, {0, 1, 2, 0}};
    assert_memory_equal(m.full, wanted, sizeof wanted);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest plan[] = {
        cmocka_unit_test(test_side_is_a_function_of_n),
        cmocka_unit_test(test_wide_plans), cmocka_unit_test(test_even_plans),
        cmocka_unit_test(test_tiles_are_numbered_row_by_row),
        cmocka_unit_test(test_shares_are_fair),
        cmocka_unit_test(test_metrics),
    };
    const struct CMUnitTest matrices[] = {
        cmocka_unit_test(test_every_size_and_number_of_parts), cmocka_unit_test(test_symmetric_zero_diagonal_any_parts),
        cmocka_unit_test(test_invalid_rows_are_nan),           cmocka_unit_test(test_extreme_magnitudes),
        cmocka_unit_test(test_cosine_of_rows_of_any_length),
    };
    int failed = cmocka_run_group_tests_name("plan", plan, NULL, NULL);
    for (int i = 0; (engine_name = engine_at(i)); i++)
        failed += cmocka_run_group_tests_name(engine_name, matrices, NULL, NULL);
    return failed;
}
