/* Distances on every engine: integers exactly, what must be exactly zero, symmetric or not a number, and random rows against an oracle in
 * double. For the cpu engine on every instruction set of this processor. */
#include "each_engine.h"
#include "op_check.h"

#include "engine/distance.h"

static const fd_metric metrics[] = {FD_EUCLIDEAN, FD_SQEUCLIDEAN, FD_COSINE, FD_INNER};

typedef struct block { float *row, *norm; uint8_t *valid; int64_t n, dim; } block;

static uint64_t state_of_random = 88172645463325252ull;

static float random_number(void)   /* -1 .. 1 */
{
    state_of_random ^= state_of_random >> 12;
    state_of_random ^= state_of_random << 25;
    state_of_random ^= state_of_random >> 27;
    return (float)((double)(state_of_random >> 40) * 0x1p-23 - 1);
}

static block new_block(int64_t n, int64_t dim)
{
    block b = {malloc((size_t)(n * dim) * 4), malloc((size_t)n * 4), malloc((size_t)n), n, dim};
    for (int64_t i = 0; i < n * dim; i++)
        b.row[i] = random_number();
    memset(b.valid, 1, (size_t)n);
    return b;
}

static void free_block(block *b)
{
    free(b->row);
    free(b->norm);
    free(b->valid);
}

/* Rows and their norms in the engine's memory. */
static fd_rows sent(fd_lane *lane, const block *b)
{
    const fd_engine_kind *kind = lane->engine->kind;
    void *row, *norm;
    assert_ok(kind->alloc(lane->engine, (size_t)(b->n * b->dim) * 4, &row));
    assert_ok(kind->alloc(lane->engine, (size_t)b->n * 4, &norm));
    upload(lane, row, b->row, (size_t)(b->n * b->dim) * 4);
    assert_ok(kind->distance->norms(lane, row, b->n, b->dim, norm));
    download(lane, b->norm, norm, (size_t)b->n * 4);
    return (fd_rows){row, norm, b->valid, b->n};
}

static void unsent(fd_lane *lane, const fd_rows *r)
{
    lane->engine->kind->release(lane->engine, (void *)(uintptr_t)r->row);
    lane->engine->kind->release(lane->engine, (void *)(uintptr_t)r->norm);
}

/* [a->n][b->n + 3]: a pitch that is no width; the columns behind stay untouched. */
static float *distances(fd_lane *lane, fd_metric metric, block *a, block *b)
{
    const fd_engine_kind *kind = lane->engine->kind;
    int64_t pitch = b->n + 3;
    const size_t bytes = (size_t)(a->n * pitch) * 4;
    float *out = malloc(bytes);
    void *tile;
    for (int64_t i = 0; i < a->n * pitch; i++)
        out[i] = -7;
    assert_ok(kind->alloc(lane->engine, bytes, &tile));
    upload(lane, tile, out, bytes);
    const fd_rows x = sent(lane, a), y = a == b ? x : sent(lane, b);
    assert_ok(kind->distance->tile(lane, metric, &x, &y, a->dim, a == b, tile, pitch));
    download(lane, out, tile, bytes);
    unsent(lane, &x);
    if (a != b)
        unsent(lane, &y);
    kind->release(lane->engine, tile);
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t j = b->n; j < pitch; j++)
            assert_true(out[i * pitch + j] == -7);
    return out;
}

static double oracle(fd_metric metric, const float *x, const float *y, int64_t dim)
{
    double xx = 0, yy = 0, d = 0;
    for (int64_t k = 0; k < dim; k++) {
        xx += (double)x[k] * (double)x[k];
        yy += (double)y[k] * (double)y[k];
    }
    for (int64_t k = 0; k < dim; k++) {
        double e = metric == FD_COSINE ? (double)x[k] / sqrt(xx) - (double)y[k] / sqrt(yy) : (double)x[k] - (double)y[k];
        d += metric == FD_INNER ? (double)x[k] * (double)y[k] : e * e;
    }
    return metric == FD_COSINE ? d / 2 : metric == FD_EUCLIDEAN ? sqrt(d) : d;
}

/* The formula's error: a product of dim terms is off by at most dim * 2^-24 |x| |y| (in fact by about the square root of that), the sum of
 * norms by 2^-23 of itself; a pair that is not recomputed has d^2 >= (|x|^2 + |y|^2) / 64. So d^2 is off by at most (64 dim + 200) 2^-24 of
 * itself, and the cosine distance likewise. Rows of one direction are 0 apart but for the square of a double's rounding. */
static double bound(fd_metric metric, double d, int64_t dim)
{
    return (metric == FD_EUCLIDEAN ? 0.5 : 1) * d * (64 * (double)dim + 200) * 0x1p-24 + (metric == FD_COSINE ? 1e-30 : 1e-38);
}

/* The inner product's: dim terms in float32, no larger than |x| |y| in sum. */
static double slack_of(fd_metric metric, const float *x, const float *y, double d, int64_t dim)
{
    if (metric != FD_INNER)
        return bound(metric, d, dim);
    return (double)(dim + 2) * 0x1p-24 * sqrt(oracle(FD_INNER, x, x, dim) * oracle(FD_INNER, y, y, dim));
}

static void against_oracle(fd_lane *lane, block *a, block *b)
{
    for (int m = 0; m < 4; m++) {
        float *out = distances(lane, metrics[m], a, b);
        for (int64_t i = 0; i < a->n; i++)
            for (int64_t j = 0; j < b->n; j++) {
                const float *x = a->row + i * a->dim, *y = b->row + j * b->dim;
                double wanted = oracle(metrics[m], x, y, a->dim), d = (double)out[i * (b->n + 3) + j];
                if (!(fabs(d - wanted) <= slack_of(metrics[m], x, y, wanted, a->dim)))
                    fail_msg("metric %d, dim %d, (%d, %d): %.9g, oracle %.9g", m, (int)a->dim, (int)i, (int)j, d, wanted);
            }
        free(out);
    }
}

static void random_rows(void **state)
{
    fd_lane *lane = *state;
    static const int64_t dims[] = {1, 3, 128, 512, 2048}, counts[] = {1, 5, 33, 70};
    for (int d = 0; d < 5; d++)
        for (int c = 0; c < 4; c++) {
            block a = new_block(counts[c], dims[d]), b = new_block(counts[3 - c], dims[d]);
            against_oracle(lane, &a, &b);
            against_oracle(lane, &a, &a);
            free_block(&a);
            free_block(&b);
        }
}

static void integers(void **state)
{
    fd_lane *lane = *state;
    block a = new_block(40, 4), b = new_block(37, 4);
    for (int64_t i = 0; i < a.n * 4; i++)
        a.row[i] = (float)(i * 7 % 11 - 5);
    for (int64_t i = 0; i < b.n * 4; i++)
        b.row[i] = (float)(i * 5 % 13 - 6);
    float *out = distances(lane, FD_SQEUCLIDEAN, &a, &b);
    for (int64_t i = 0; i < a.n; i++)
        for (int64_t j = 0; j < b.n; j++) {
            int wanted = 0;
            for (int k = 0; k < 4; k++) {
                int e = (int)a.row[i * 4 + k] - (int)b.row[j * 4 + k];
                wanted += e * e;
            }
            assert_true(out[i * (b.n + 3) + j] == (float)wanted);
        }
    free(out);
    memcpy(a.row, (const float[]){3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, 12 * sizeof(float));
    a.n = 3;
    a.valid[1] = 0;
    out = distances(lane, FD_EUCLIDEAN, &a, &a);
    assert_true(out[0] == 0 && out[2] == sqrtf(50) && out[2 * 6] == sqrtf(50) && out[2 * 6 + 2] == 0);
    free(out);
    out = distances(lane, FD_COSINE, &a, &a);
    assert_true(out[0] == 0 && out[2] == 1 && out[2 * 6 + 2] == 0 && isnan(out[1]) && isnan(out[6]) && isnan(out[6 + 1]));
    free(out);
    free_block(&a);
    free_block(&b);
}

/* Equal rows wherever they stand, and the same bits for (x, y) and (y, x), within a block and between blocks. */
static void zeros_and_symmetry(void **state)
{
    fd_lane *lane = *state;
    for (int m = 0; m < 3; m++) {
        block a = new_block(50, 100), b = new_block(45, 100);
        memcpy(b.row + 44 * 100, a.row + 3 * 100, 400);
        memcpy(a.row + 49 * 100, a.row + 3 * 100, 400);
        memcpy(b.row, a.row + 20 * 100, 400);
        float *aa = distances(lane, metrics[m], &a, &a), *ab = distances(lane, metrics[m], &a, &b), *ba = distances(lane, metrics[m], &b, &a);
        assert_true(aa[3 * 53 + 49] == 0 && aa[49 * 53 + 3] == 0 && ab[3 * 48 + 44] == 0 && ab[49 * 48 + 44] == 0 && ab[20 * 48] == 0);
        for (int64_t i = 0; i < 50; i++) {
            assert_true(aa[i * 53 + i] == 0 && !signbit(aa[i * 53 + i]));
            for (int64_t j = 0; j < 50; j++)
                assert_memory_equal(&aa[i * 53 + j], &aa[j * 53 + i], 4);
            for (int64_t j = 0; j < 45; j++)
                assert_memory_equal(&ab[i * 48 + j], &ba[j * 53 + i], 4);
        }
        free(aa);
        free(ab);
        free(ba);
        free_block(&a);
        free_block(&b);
    }
}

/* Rows that differ by one part in a million keep four digits. */
static void near_rows(void **state)
{
    fd_lane *lane = *state;
    block a = new_block(20, 512), b = new_block(20, 512);
    for (int64_t i = 0; i < 20 * 512; i++)
        b.row[i] = a.row[i] * (1 + 1e-6f * random_number());
    for (int m = 0; m < 3; m++) {
        float *out = distances(lane, metrics[m], &a, &b);
        for (int64_t i = 0; i < 20; i++) {
            double wanted = oracle(metrics[m], a.row + i * 512, b.row + i * 512, 512);
            assert_true(wanted > 0 && fabs((double)out[i * 23 + i] - wanted) <= 1e-4 * wanted);
        }
        free(out);
    }
    free_block(&a);
    free_block(&b);
}

/* Norms whose squares float32 cannot hold: distances that fit are right, those that do not are +inf; never NaN. */
static void extreme_norms(void **state)
{
    fd_lane *lane = *state;
    static const float sizes[] = {1e-30f, 1e-22f, 1e18f, 1e25f, 3e37f};
    for (int s = 0; s < 5; s++) {
        block a = new_block(20, 64);
        for (int64_t i = 0; i < 20 * 64; i++)
            a.row[i] *= sizes[s];
        for (int m = 0; m < 3; m++) {
            float *out = distances(lane, metrics[m], &a, &a);
            for (int64_t i = 0; i < 20; i++)
                for (int64_t j = 0; j < 20; j++) {
                    double wanted = oracle(metrics[m], a.row + i * 64, a.row + j * 64, 64), d = (double)out[i * 23 + j];
                    bool right = (float)wanted > 3e38f ? isinf(d) && d > 0 : fabs(d - wanted) <= bound(metrics[m], wanted, 64);
                    if (!right)
                        fail_msg("size %g, metric %d, (%d, %d): %g, oracle %g", (double)sizes[s], m, (int)i, (int)j, d, wanted);
                }
            free(out);
        }
        free_block(&a);
    }
}

static void invalid_rows(void **state)
{
    fd_lane *lane = *state;
    block a = new_block(40, 16), b = new_block(33, 16);
    a.valid[7] = b.valid[0] = b.valid[32] = 0;
    memset(a.row + 7 * 16, 0xff, 64);
    memset(b.row, 0, 64);
    b.row[32 * 16] = INFINITY;
    for (int m = 0; m < 4; m++) {
        float *out = distances(lane, metrics[m], &a, &b);
        const bool all_marked = strcmp(lane->engine->kind->name, "cuda") != 0;   /* a GPU leaves rows that are finite to the caller */
        for (int64_t i = 0; i < 40; i++)
            for (int64_t j = 0; j < 33; j++)
                if (all_marked || (a.valid[i] && b.valid[j]))
                    assert_int_equal(isnan(out[i * 36 + j]) != 0, !a.valid[i] || !b.valid[j]);
        free(out);
    }
    free_block(&a);
    free_block(&b);
}

static int run_all(const char *device, const char *isa)
{
    fd_lane *lane = open_lane(device, isa);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(random_rows, lane),        cmocka_unit_test_prestate(integers, lane),
        cmocka_unit_test_prestate(zeros_and_symmetry, lane), cmocka_unit_test_prestate(near_rows, lane),
        cmocka_unit_test_prestate(extreme_norms, lane),      cmocka_unit_test_prestate(invalid_rows, lane),
    };
    print_message("%s %s\n", device, lane->engine->kind->isa(lane->engine));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    close_lane(lane);
    return failed;
}

int main(void)
{
    return each_engine(run_all);
}
