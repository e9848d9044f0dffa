/* Sweeps on every engine: integers exactly, adversarial rows against an oracle in double, and the same bytes from every engine, instruction
 * set, precision and cut into blocks. For the cpu engine on every instruction set of this processor. */
#include "check.h"
#include "each_engine.h"

#include "engine/distance.h"
#include "sweep_rows.h"

enum { BINS = 40 };
static const char *const metric_names[] = {"euclidean", "sqeuclidean", "cosine", "inner"};

/* --- all pairs by sweeps ------------------------------------------------------------------------------------------------------------- */

typedef struct task {
    fd_metric metric;
    fd_precision precision;
    const rows *x, *queries; /* queries NULL: x against itself */
    int64_t k, side;
    int include_self, backwards;
    float radius;
    double low, scale;
} task;

typedef struct result {
    float *distance;
    int64_t *index;
    fd_pair *pair;
    int64_t pairs;
    uint64_t count[BINS + 2];
} result;

static void free_result(result *r)
{
    free(r->distance);
    free(r->index);
    free(r->pair);
}

static fd_block *open_block(fd_lane *lane, const task *t, const rows *x, int64_t first)
{
    const fd_engine_kind *own = lane->engine->kind;
    fd_block *out;
    void *row;
    int64_t n = x->n - first < t->side ? x->n - first : t->side;
    const size_t bytes = (size_t)(n * x->dim) * sizeof(float);
    assert_ok(own->alloc(lane->engine, bytes, &row));
    assert_ok(own->upload(lane, row, x->row + first * x->dim, bytes));
    fd_block_desc d = {.metric = t->metric, .precision = t->precision, .row = row, .valid = x->valid + first, .n = n, .dim = x->dim};
    assert_ok(own->distance->block_open(lane, &d, &out));
    own->release(lane->engine, row);
    assert_true(out->n == n && out->dim == x->dim && out->metric == t->metric);
    assert_true(own->distance->block_bytes(lane->engine, &d) >= (size_t)(n * x->dim) * 4);
    return out;
}

static fd_topk list_at(const task *t, const result *r, int64_t first)
{
    return (fd_topk){t->k, r->distance + first * t->k, r->index + first * t->k};
}

/* Runs a sweep; when the pairs do not fit, makes room and sweeps for them alone. */
static void run_sweep(fd_lane *lane, fd_sweep *s, result *r)
{
    const fd_distance_table *table = lane->engine->kind->distance;
    int64_t before = s->radius->count;
    assert_ok(table->sweep(lane, s));
    if (s->radius->count <= s->radius->capacity)
        return;
    int64_t found = s->radius->count;
    r->pair = realloc(r->pair, (size_t)found * sizeof *r->pair);
    s->radius->pair = r->pair;
    s->radius->capacity = found;
    s->radius->count = before;
    s->topk_a.k = s->topk_b.k = 0;
    s->histogram = NULL;
    assert_ok(table->sweep(lane, s));
    assert_int_equal(s->radius->count, found);
}

static int pair_order(const void *p, const void *q)
{
    const fd_pair *a = p, *b = q;
    if (a->i != b->i)
        return a->i < b->i ? -1 : 1;
    return a->j < b->j ? -1 : a->j > b->j;
}

static void sweep_row(fd_lane *lane, const task *t, int64_t first_a, result *r, fd_radius *radius)
{
    const rows *queries = t->queries ? t->queries : t->x;
    const fd_histogram histogram = {t->low, t->scale, BINS, r->count};
    const fd_distance_table *table = lane->engine->kind->distance;
    fd_block *a = open_block(lane, t, queries, first_a);
    int64_t from = t->queries ? 0 : first_a, blocks = (t->x->n - from + t->side - 1) / t->side;
    for (int64_t m = 0; m < blocks; m++) {
        int64_t first_b = from + (t->backwards ? blocks - 1 - m : m) * t->side;
        fd_block *b = !t->queries && first_b == first_a ? a : open_block(lane, t, t->x, first_b);
        fd_sweep s = {.a = a, .b = b, .first_a = first_a, .first_b = first_b, .include_self = t->include_self};
        s.topk_a = list_at(t, r, first_a);
        if (!t->queries)
            s.topk_b = list_at(t, r, first_b);
        s.radius = radius;
        s.histogram = &histogram;
        run_sweep(lane, &s, r);
        if (b != a)
            table->block_close(b);
    }
    table->block_close(a);
}

static result all_pairs(fd_lane *lane, const task *t)
{
    int64_t n = t->queries ? t->queries->n : t->x->n, blocks = (n + t->side - 1) / t->side;
    result r = {malloc((size_t)(n * t->k) * 4 + 4), malloc((size_t)(n * t->k) * 8 + 8), NULL, 0, {0}};
    fd_radius radius = {.radius = t->radius};
    fd_topk_clear(&(fd_topk){t->k, r.distance, r.index}, t->metric, n);
    for (int64_t m = 0; m < blocks; m++)
        sweep_row(lane, t, (t->backwards ? blocks - 1 - m : m) * t->side, &r, &radius);
    r.pairs = radius.count;
    if (r.pairs)
        qsort(r.pair, (size_t)r.pairs, sizeof *r.pair, pair_order);
    return r;
}

static void assert_equal_results(const task *t, const result *p, const result *q)
{
    int64_t n = t->queries ? t->queries->n : t->x->n;
    for (int64_t e = 0; e < n * t->k; e++)
        if (p->index[e] != q->index[e] || memcmp(&p->distance[e], &q->distance[e], 4) != 0)
            fail_msg("%s, dim %d, side %d, precision %d: row %d place %d: %d at %.9g, wanted %d at %.9g", metric_names[t->metric],
                     (int)t->x->dim, (int)t->side, (int)t->precision, (int)(e / t->k), (int)(e % t->k), (int)p->index[e],
                     (double)p->distance[e], (int)q->index[e], (double)q->distance[e]);
    assert_int_equal(p->pairs, q->pairs);
    for (int64_t e = 0; e < p->pairs; e++)
        assert_true(p->pair[e].i == q->pair[e].i && p->pair[e].j == q->pair[e].j && memcmp(&p->pair[e].distance, &q->pair[e].distance, 4) == 0);
    assert_memory_equal(p->count, q->count, sizeof p->count);
}

/* --- the oracle ---------------------------------------------------------------------------------------------------------------------- */

static bool is_right(double got, double wanted, double slack)
{
    return fabs(wanted) > 3.4028235e38 ? isinf(got) && (got > 0) == (wanted > 0) : fabs(got - wanted) <= slack;
}

/* Row i of a result of x with itself: each entry has its pair's value and its place, and no pair is left out that is clearly nearer than the
 * last. */
static void check_row(const task *t, const result *r, int64_t i, int64_t alive)
{
    const rows *x = t->x;
    const float *row = x->row + i * x->dim, *distance = r->distance + i * t->k;
    const int64_t *index = r->index + i * t->k;
    bool *listed = calloc((size_t)x->n, sizeof *listed);
    int64_t wanted = !usable(x, i, t->metric) ? 0 : alive - !t->include_self < t->k ? alive - !t->include_self : t->k;
    for (int64_t e = 0; e < t->k; e++) {
        if (e >= wanted) {
            assert_true(index[e] == -1 && distance[e] == fd_topk_empty(t->metric));
            continue;
        }
        assert_true(index[e] >= 0 && index[e] < x->n && !listed[index[e]]);
        assert_true(usable(x, index[e], t->metric) && (t->include_self || index[e] != i));
        listed[index[e]] = true;
        const float *other = x->row + index[e] * x->dim;
        double d = oracle(t->metric, row, other, x->dim);
        if (!is_right((double)distance[e], d, bound(t->metric, row, other, d, x->dim)))
            fail_msg("%s, dim %d: (%d, %d) is %.9g, oracle %.9g", metric_names[t->metric], (int)x->dim, (int)i, (int)index[e],
                     (double)distance[e], d);
        if (e > 0)
            assert_true(distance[e] == distance[e - 1] ? index[e] > index[e - 1] : (t->metric == FD_INNER) == (distance[e] < distance[e - 1]));
    }
    for (int64_t j = 0; j < x->n && wanted == t->k; j++) {
        if (listed[j] || j == i || !usable(x, j, t->metric))
            continue;
        const float *other = x->row + j * x->dim;
        double d = oracle(t->metric, row, other, x->dim), slack = bound(t->metric, row, other, d, x->dim), last = (double)distance[t->k - 1];
        assert_true(isinf(last) || (t->metric == FD_INNER ? d <= last + slack : d >= last - slack));
    }
    free(listed);
}

static void check_pairs(const task *t, const result *r, uint64_t alive)
{
    uint64_t sum = 0;
    for (int b = 0; b < BINS + 2; b++)
        sum += r->count[b];
    assert_int_equal(sum, alive * (alive - 1) / 2);
    for (int64_t e = 0; e < r->pairs; e++) {
        const fd_pair *p = &r->pair[e];
        const float *x = t->x->row + p->i * t->x->dim, *y = t->x->row + p->j * t->x->dim;
        double d = oracle(t->metric, x, y, t->x->dim);
        assert_true(p->i < p->j && is_right((double)p->distance, d, bound(t->metric, x, y, d, t->x->dim)));
        assert_true(fd_within(t->metric, p->distance, t->radius) && (e == 0 || pair_order(p - 1, p) < 0));
    }
}

static void check_result(const task *t, const result *r)
{
    int64_t alive = 0;
    for (int64_t i = 0; i < t->x->n; i++)
        alive += usable(t->x, i, t->metric);
    for (int64_t i = 0; i < t->x->n; i++)
        check_row(t, r, i, alive);
    check_pairs(t, r, (uint64_t)alive);
}

/* --- tests --------------------------------------------------------------------------------------------------------------------------- */

typedef struct bench {
    fd_engine *engine, *ref;
    fd_lane *lane, *truth;
} bench;

/* The value in the middle of a sample of pairs: half of the pairs are within it. */
static float middle(const task *t)
{
    double low = 1e300, high = -1e300;
    for (int64_t i = 0; i < t->x->n; i++)
        for (int64_t j = i + 1; j < t->x->n && j < i + 9; j++) {
            double d = oracle(t->metric, t->x->row + i * t->x->dim, t->x->row + j * t->x->dim, t->x->dim);
            if (!isfinite(d))
                continue;
            low = d < low ? d : low;
            high = d > high ? d : high;
        }
    return low > high ? 1 : (float)(low + (high - low) * 0.4);
}

/* One set of rows: right by the oracle (ref's own turn), and the same from this engine in both precisions, in blocks of several sizes, forwards
 * and backwards. */
static void check_set(const bench *on, const rows *x, fd_metric metric, int64_t k)
{
    static const int64_t sides[] = {1000000, 37, 16};
    task t = {.metric = metric, .x = x, .k = k, .side = 50, .include_self = k % 2 == 0};
    t.radius = middle(&t);
    t.low = metric == FD_INNER ? -2.5 * fabs((double)t.radius) : 0;
    t.scale = BINS / (3 * fabs((double)t.radius) + 1e-300);
    result truth = all_pairs(on->truth, &t);
    const bool is_ref = on->engine->kind == on->ref->kind;
    if (is_ref)
        check_result(&t, &truth);
    for (int s = is_ref; s < (is_ref ? 2 : 3); s++)
        for (int precision = is_ref; precision < 2; precision++) {
            t.side = sides[s];
            t.precision = precision ? FD_PRECISION_F32 : FD_PRECISION_AUTO;
            t.backwards = s == 1;
            result got = all_pairs(on->lane, &t);
            assert_equal_results(&t, &got, &truth);
            free_result(&got);
        }
    free_result(&truth);
}

/* Every kind, dimension and metric; under sanitizers, which take their time, a third of what they make together. */
static void hard_sets(void **state)
{
    const bool third = getenv("FACESDIST_SANITIZED") != NULL;
    static const int64_t dims[] = {1, 3, 16, 127, 128, 512, 2048}, counts[] = {100, 97, 65, 64, 63, 45, 33}, ks[] = {1, 10, 200, 5, 16, 17, 8};
    for (int which = 0; which < KINDS; which++)
        for (int d = 0; d < 7; d++)
            for (int metric = 0; metric < FD_METRIC_COUNT; metric++) {
                if (third && (which + d + metric) % 3 != 0)
                    continue;
                rows x = hard_rows((kind)which, counts[d], dims[d]);
                check_set(*state, &x, (fd_metric)metric, ks[d]);
                free_rows(&x);
            }
}

/* Enough rows for several groups of columns, and for waiting pairs to overflow their room many times. */
static void many_rows(void **state)
{
    static const kind kinds[] = {RANDOM, CLUSTERED, INTEGERS};
    for (int which = 0; which < 3; which++) {
        rows x = hard_rows(kinds[which], 470, 512);
        check_set(*state, &x, which == 1 ? FD_EUCLIDEAN : which ? FD_INNER : FD_COSINE, 10);
        free_rows(&x);
    }
}

/* So many rows that tests are seeded by a sample, within one block and between two. Radius and bins are out of the way. */
static void seeded_rows(void **state)
{
    static const kind kinds[] = {CLUSTERED, INTEGERS};
    static const fd_metric metrics[] = {FD_EUCLIDEAN, FD_INNER};
    const bench *on = *state;
    for (int which = 0; which < 2 && on->engine->kind != on->ref->kind; which++) {
        rows x = hard_rows(kinds[which], 4300, 5);
        task t = {.metric = metrics[which], .x = &x, .k = which == 1 ? 100 : 10, .side = 1000000, .radius = which == 1 ? 3e38F : 0, .low = -1e30, .scale = 1e-31};
        result truth = all_pairs(on->truth, &t);
        for (int turn = 0; turn < 3; turn++) {
            t.side = turn == 1 ? 4200 : 1000000;
            t.precision = turn == 2 ? FD_PRECISION_F32 : FD_PRECISION_AUTO;
            result got = all_pairs(on->lane, &t);
            assert_equal_results(&t, &got, &truth);
            free_result(&got);
        }
        free_result(&truth);
        free_rows(&x);
    }
}

static void few_rows(void **state)
{
    for (int64_t n = 0; n < 3; n++)
        for (int metric = 0; metric < FD_METRIC_COUNT; metric++) {
            rows x = new_rows(n, 20);
            check_set(*state, &x, (fd_metric)metric, 3);
            free_rows(&x);
        }
}

/* Queries against a gallery: no pair is left out, neither side knows of the other's order. */
static void rectangular(void **state)
{
    const bench *on = *state;
    rows x = hard_rows(INTEGERS, 75, 5), queries = hard_rows(INTEGERS, 41, 5);
    for (int metric = 0; metric < FD_METRIC_COUNT; metric++) {
        task t = {.metric = (fd_metric)metric, .x = &x, .queries = &queries, .k = 7, .side = 19, .scale = 1};
        t.radius = metric == FD_COSINE ? 0.4f : 9;
        result truth = all_pairs(on->truth, &t), got;
        uint64_t sum = 0;
        for (int b = 0; b < BINS + 2; b++)
            sum += truth.count[b];
        if (metric != FD_COSINE)
            assert_int_equal(sum, 75 * 41);
        for (int side = 8; side < 100; side += 30) {
            t.side = side;
            got = all_pairs(on->lane, &t);
            assert_equal_results(&t, &got, &truth);
            free_result(&got);
        }
        free_result(&truth);
    }
    free_rows(&x);
    free_rows(&queries);
}

/* Rows on a line: every value is an integer, every list, pair and bin known. */
static void a_line(void **state)
{
    const bench *on = *state;
    rows x = new_rows(60, 3);
    for (int i = 0; i < 60; i++)
        memcpy(x.row + i * 3, (const float[]){(float)i, 7, 7}, 12);
    task t = {.metric = FD_EUCLIDEAN, .x = &x, .k = 4, .side = 23, .radius = 3, .scale = 0.5};
    result r = all_pairs(on->lane, &t);
    for (int64_t i = 2; i < 58; i++) /* ties: the lower index first */
        for (int e = 0; e < 4; e++)
            assert_true(r.index[i * 4 + e] == i + (e % 2 ? 1 : -1) * (e / 2 + 1) && r.distance[i * 4 + e] == (float)(e / 2 + 1));
    assert_int_equal(r.pairs, 59 + 58); /* below 3, not at it */
    assert_int_equal(r.count[0], 0);
    for (int b = 0; b < 30; b++) /* distance d has 60 - d pairs; bin b has 2b and 2b + 1 */
        assert_int_equal(r.count[1 + b], (b ? 60 - 2 * b : 0) + 60 - 2 * b - 1);
    free_result(&r);
    free_rows(&x);
}

static int run_all(const char *device, const char *isa)
{
    bench on;
    assert_ok(fd_engine_open(device, &(fd_engine_config){.isa = isa}, &on.engine));
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &on.ref));
    assert_ok(fd_lane_open(on.engine, &on.lane));
    assert_ok(fd_lane_open(on.ref, &on.truth));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_line, &on),   cmocka_unit_test_prestate(hard_sets, &on),   cmocka_unit_test_prestate(many_rows, &on),
        cmocka_unit_test_prestate(few_rows, &on), cmocka_unit_test_prestate(rectangular, &on), cmocka_unit_test_prestate(seeded_rows, &on),
    };
    const struct CMUnitTest small[] = {   /* what the emulator does in seconds; its kernels have tests of their own */
        cmocka_unit_test_prestate(a_line, &on), cmocka_unit_test_prestate(few_rows, &on), cmocka_unit_test_prestate(rectangular, &on),
    };
    print_message("%s %s\n", device, on.engine->kind->isa(on.engine));
    const bool emulated = strcmp(on.engine->kind->isa(on.engine), "emulated") == 0;
    int failed = emulated ? cmocka_run_group_tests(small, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
    fd_lane_close(on.lane);
    fd_lane_close(on.truth);
    fd_engine_close(on.engine);
    fd_engine_close(on.ref);
    return failed;
}

int main(void)
{
    return each_engine(run_all);
}
