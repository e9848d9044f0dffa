/* Sweeps against the reference engine's: lists, pairs and counts bit for bit, on rows that are hard for products of float32. Distance tiles: near
 * pairs exactly, the others within the bound of the formula. */
#include "device.h"

#include "engine/distance.h"
#include "engine/ref/ref.h"
#include "kernels/distance.h"
#include "kernels/sweep.h"
#include "unit/sweep_rows.h"

enum { K = 34, BINS = 50, CAPACITY = 1 << 18 };
static fd_engine engine;
static fd_lane lane = {&engine};

/* FACESDIST_BRIEF: one case of each kind, for sanitizers that take their time. */
static bool brief(void)
{
    return getenv("FACESDIST_BRIEF") != NULL;
}

/* What a sweep leaves, of the reference engine and of the device. */
typedef struct outputs {
    fd_topk a, b;
    fd_radius radius;
    uint64_t count[3000];
} outputs;

static void make_outputs(outputs *o, fd_metric metric, int64_t n_a, int64_t n_b, int64_t k)
{
    o->a = (fd_topk){k, test_calloc((size_t)(n_a * k + 1), sizeof(float)), test_calloc((size_t)(n_a * k + 1), sizeof(int64_t))};
    o->b = (fd_topk){k, test_calloc((size_t)(n_b * k + 1), sizeof(float)), test_calloc((size_t)(n_b * k + 1), sizeof(int64_t))};
    o->radius = (fd_radius){.pair = test_calloc(CAPACITY, sizeof(fd_pair)), .capacity = CAPACITY};
    fd_topk_clear(&o->a, metric, n_a);
    fd_topk_clear(&o->b, metric, n_b);
}

static void free_outputs(outputs *o)
{
    test_free(o->a.distance);
    test_free(o->a.index);
    test_free(o->b.distance);
    test_free(o->b.index);
    test_free(o->radius.pair);
    test_free(o);
}

static int by_rows(const void *x, const void *y)
{
    const fd_pair *p = x, *q = y;
    return p->i != q->i ? (p->i > q->i) - (p->i < q->i) : (p->j > q->j) - (p->j < q->j);
}

static void compare_lists(const fd_topk *got, const fd_topk *wanted, int64_t n)
{
    assert_memory_equal(got->index, wanted->index, (size_t)(n * wanted->k) * sizeof *got->index);
    for (int64_t i = 0; i < n * wanted->k; i++)
        assert_true(wanted->index[i] < 0 || memcmp(&got->distance[i], &wanted->distance[i], sizeof(float)) == 0);
}

static void compare_pairs(fd_radius *got, fd_radius *wanted)
{
    assert_int_equal(got->count, wanted->count);
    assert_true(wanted->count <= CAPACITY);
    qsort(got->pair, (size_t)got->count, sizeof *got->pair, by_rows);
    qsort(wanted->pair, (size_t)wanted->count, sizeof *got->pair, by_rows);
    for (int64_t i = 0; i < got->count; i++)
        assert_true(got->pair[i].i == wanted->pair[i].i && got->pair[i].j == wanted->pair[i].j && got->pair[i].distance == wanted->pair[i].distance);
}

typedef struct task { fd_metric metric; int64_t k; double radius; int64_t bins; int self; } task;

/* One sweep of prepared blocks on the device, from and to host memory. */
static void run_on_blocks(const task *t, fd_sweep_block a, fd_sweep_block b, int same, outputs *o)
{
    const size_t places_a = (size_t)(a.n * t->k), places_b = (size_t)(b.n * t->k);
    uint64_t *count = on_device(&o->radius.count, sizeof *count);
    fd_sweep_out out = {
        .a = {t->k, on_device(o->a.distance, places_a * 4), on_device(o->a.index, places_a * 8)},
        .b = {t->k, on_device(o->b.distance, places_b * 4), on_device(o->b.index, places_b * 8)},
        .include_self = t->self, .radius_wanted = t->radius != 0, .radius = (float)t->radius, .pair = on_device(NULL, CAPACITY * sizeof(fd_found)),
        .capacity = CAPACITY, .count = count, .low = -0.1, .scale = (double)t->bins / 3, .bins = t->bins,
        .histogram = t->bins ? on_device(o->count, (size_t)(t->bins + 2) * 8) : NULL,
    };
    const fd_sweep_job job = {a, b, same, 0, same ? 0 : 1000, out};
    assert_cuda(fd_sweep_pairs(&job, on_device(NULL, (size_t)fd_sweep_scratch(a.n, b.n, t->k)), stream));
    from_device(o->a.distance, out.a.distance, places_a * 4);
    from_device(o->a.index, out.a.index, places_a * 8);
    from_device(o->b.distance, out.b.distance, places_b * 4);
    from_device(o->b.index, out.b.index, places_b * 8);
    from_device(&o->radius.count, count, sizeof *count);
    from_device(o->radius.pair, out.pair, CAPACITY * sizeof(fd_found));
    if (t->bins)
        from_device(o->count, out.histogram, (size_t)(t->bins + 2) * 8);
}

static fd_sweep_block on_gpu(const task *t, const rows *x)
{
    const fd_sweep_block b = {(int32_t)t->metric, x->n, x->dim, on_device(NULL, (size_t)fd_sweep_block_bytes(x->n, x->dim))};
    assert_cuda(fd_sweep_prepare(b, on_device(x->row, (size_t)(x->n * x->dim) * 4), on_device(x->valid, (size_t)x->n), stream));
    return b;
}

static void run_by_ref(const task *t, const rows *a, const rows *b, int same, outputs *o)
{
    fd_block *x, *y;
    const fd_histogram histogram = {-0.1, (double)t->bins / 3, t->bins, o->count};
    o->radius.radius = (float)t->radius;
    assert_ok(fd_ref_block_open(&lane, &(fd_block_desc){.metric = t->metric, .row = a->row, .valid = a->valid, .n = a->n, .dim = a->dim}, &x));
    assert_ok(fd_ref_block_open(&lane, &(fd_block_desc){.metric = t->metric, .row = b->row, .valid = b->valid, .n = b->n, .dim = b->dim}, &y));
    const fd_sweep s = {x, same ? x : y, 0, same ? 0 : 1000, o->a, o->b, t->self, t->radius != 0 ? &o->radius : NULL, t->bins ? &histogram : NULL};
    assert_ok(fd_ref_sweep(&lane, &s));
    fd_ref_block_close(x);
    fd_ref_block_close(y);
}

static void compare(const task *t, const rows *a, const rows *b, int same)
{
    outputs *wanted = test_calloc(1, sizeof *wanted), *got = test_calloc(1, sizeof *got);
    make_outputs(wanted, t->metric, a->n, b->n, t->k);
    make_outputs(got, t->metric, a->n, b->n, t->k);
    assert_int_equal(sizeof(fd_pair), sizeof(fd_found));
    run_by_ref(t, a, b, same, wanted);
    const fd_sweep_block x = on_gpu(t, a), y = same ? x : on_gpu(t, b);
    run_on_blocks(t, x, y, same, got);
    compare_lists(&got->a, &wanted->a, a->n);
    if (!same)
        compare_lists(&got->b, &wanted->b, b->n);
    if (t->radius != 0)
        compare_pairs(&got->radius, &wanted->radius);
    assert_memory_equal(got->count, wanted->count, sizeof got->count);
    free_outputs(wanted);
    free_outputs(got);
    free_arrays(NULL);
}

/* Every kind of hard rows, every metric, all outputs together. */
static void test_hard_rows(void **state)
{
    (void)state;
    for (int hard = RANDOM; hard < (brief() ? CLUSTERED : KINDS); hard++) {
        rows x = hard_rows((kind)hard, hard == RANDOM ? 130 : 20, 19);
        for (fd_metric m = FD_EUCLIDEAN; m <= (brief() ? FD_EUCLIDEAN : FD_INNER); m++)
            compare(&(task){m, 5, 0.9, BINS, 0}, &x, &x, 1);
        free_rows(&x);
    }
}

/* Two blocks; long lists; rows themselves in their lists; one output alone; more bins than a block counts in shared memory. */
static void test_outputs(void **state)
{
    (void)state;
    if (brief())
        return;
    rows a = hard_rows(CLUSTERED, 30, 33), b = hard_rows(RANDOM, 130, 33), one = hard_rows(RANDOM, 1, 33);
    for (fd_metric m = FD_EUCLIDEAN; m <= FD_INNER; m++)
        compare(&(task){m, K, 0.7, BINS, 0}, &a, &b, 0);
    compare(&(task){FD_EUCLIDEAN, K, 0, 0, 1}, &b, &b, 1);
    compare(&(task){FD_COSINE, 1, 0, 0, 0}, &b, &b, 1);
    compare(&(task){FD_SQEUCLIDEAN, 0, 2.5, 0, 0}, &b, &b, 1);
    compare(&(task){FD_EUCLIDEAN, 0, 0, BINS, 0}, &b, &b, 1);
    compare(&(task){FD_INNER, 0, 0, 2900, 0}, &a, &b, 0);
    compare(&(task){FD_EUCLIDEAN, 3, 1.0, BINS, 1}, &one, &one, 1);
    compare(&(task){FD_EUCLIDEAN, 3, 1.0, BINS, 0}, &one, &a, 0);
    free_rows(&a);
    free_rows(&b);
    free_rows(&one);
}

/* Lists go on from sweep to sweep, in any order of blocks; pairs beyond the capacity are counted and not stored. */
static void test_going_on(void **state)
{
    (void)state;
    const task t = {FD_EUCLIDEAN, 6, 0, 0, 0};
    rows all = hard_rows(RANDOM, 132, 8), part[3];
    outputs *wanted = test_calloc(1, sizeof *wanted), *got = test_calloc(1, sizeof *got);
    make_outputs(wanted, t.metric, all.n, all.n, t.k);
    make_outputs(got, t.metric, all.n, all.n, t.k);
    run_by_ref(&t, &all, &all, 1, wanted);
    const fd_sweep_block whole = on_gpu(&t, &all);
    float *distance = on_device(got->a.distance, (size_t)(all.n * t.k) * 4);
    int64_t *index = on_device(got->a.index, (size_t)(all.n * t.k) * 8);
    for (int p = 2; p >= 0; p--) {
        part[p] = (rows){all.row + p * 44 * all.dim, all.valid + p * 44, 44, all.dim};
        const fd_sweep_job job = {whole, on_gpu(&t, &part[p]), 0, 0, p * 44, {.a = {t.k, distance, index}}};
        assert_cuda(fd_sweep_pairs(&job, on_device(NULL, (size_t)fd_sweep_scratch(all.n, 44, t.k)), stream));
    }
    from_device(got->a.index, index, (size_t)(all.n * t.k) * 8);
    for (int64_t i = 0; i < all.n; i++) {   /* the parts know not that a row meets itself: it comes first */
        assert_int_equal(got->a.index[i * t.k], i);
        assert_memory_equal(got->a.index + i * t.k + 1, wanted->a.index + i * t.k, (size_t)(t.k - 1) * 8);
    }
    uint64_t count = 7;
    fd_found *pair = on_device(NULL, 10 * sizeof *pair), stored[10];
    uint64_t *device_count = on_device(&count, sizeof count);
    const fd_sweep_job job = {whole, whole, 1, 0, 0, {.radius_wanted = 1, .radius = 1e9f, .pair = pair, .capacity = 10, .count = device_count}};
    assert_cuda(fd_sweep_pairs(&job, NULL, stream));
    from_device(&count, device_count, sizeof count);
    from_device(stored, pair, sizeof stored);
    assert_int_equal(count, 7 + 132 * 131 / 2);
    assert_true(stored[9].j > stored[9].i && stored[9].i >= 0 && stored[9].j < 132);
    free_outputs(wanted);
    free_outputs(got);
    free_rows(&all);
}

/* A tile of x against y at `offset` elements behind an aligned address: each value within the formula's bound, of near pairs the exact one. */
static void compare_tile(fd_metric metric, const rows *x, const rows *y, int offset)
{
    const int64_t pitch = y->n + 3, dim = x->dim;
    float *a = on_device(NULL, (size_t)(x->n * dim + offset) * 4), *b = on_device(NULL, (size_t)(y->n * dim + offset) * 4);
    float *norm_a = on_device(NULL, (size_t)x->n * 4), *norm_b = on_device(NULL, (size_t)y->n * 4), *out = on_device(NULL, (size_t)(x->n * pitch) * 4);
    float *got = test_calloc((size_t)(x->n * pitch), sizeof *got);
    assert_cuda(cudaMemcpy(a + offset, x->row, (size_t)(x->n * dim) * 4, cudaMemcpyHostToDevice));
    assert_cuda(cudaMemcpy(b + offset, y->row, (size_t)(y->n * dim) * 4, cudaMemcpyHostToDevice));
    assert_cuda(fd_norms(a + offset, x->n, dim, norm_a, stream));
    assert_cuda(fd_norms(b + offset, y->n, dim, norm_b, stream));
    assert_cuda(fd_distance_tile((int32_t)metric, (fd_tile_side){a + offset, norm_a, x->n}, (fd_tile_side){b + offset, norm_b, y->n}, dim, out, pitch, stream));
    from_device(got, out, (size_t)(x->n * pitch) * 4);
    for (int64_t i = 0; i < x->n; i++)
        for (int64_t j = 0; j < pitch; j++) {
            const float v = got[i * pitch + j], wanted = j < y->n ? fd_ref_pair(metric, x->row + i * dim, y->row + j * dim, dim) : NAN;
            const double d = (double)wanted, sizes = sqrt(fd_pair_dot(x->row + i * dim, x->row + i * dim, dim) * fd_pair_dot(y->row + (j < y->n ? j : 0) * dim, y->row + (j < y->n ? j : 0) * dim, dim));
            const double slack = metric == FD_INNER ? (double)(dim + 2) * 0x1p-24 * sizes : d * (64 * (double)dim + 200) * 0x1p-24;
            assert_true(isnan(wanted) ? isnan(v) : fabs((double)v - d) <= slack + 1e-38 || v == wanted);
            if (x == y && j < x->n)
                assert_memory_equal(&v, &got[j * pitch + i], sizeof v);
            if (x == y && i == j && metric != FD_INNER && !isnan(wanted))
                assert_true(v == 0);
        }
    test_free(got);
    free_arrays(NULL);
}

static void test_tile(void **state)
{
    (void)state;
    static const int64_t dims[] = {1, 8, 19, 64};
    for (int d = 0; d < 4; d++)
        for (int hard = RANDOM; hard < (brief() ? CLUSTERED : INVALID); hard++) {
            rows x = hard_rows((kind)hard, 10, dims[d]), y = hard_rows((kind)hard, hard == RANDOM ? 133 : 16, dims[d]);
            for (fd_metric m = FD_EUCLIDEAN; m <= (brief() ? FD_EUCLIDEAN : FD_INNER); m++)
                compare_tile(m, hard % 2 ? &y : &x, &y, d % 2);
            free_rows(&x);
            free_rows(&y);
        }
}

DEVICE_TESTS(device_test(test_hard_rows), device_test(test_outputs), device_test(test_going_on), device_test(test_tile))
