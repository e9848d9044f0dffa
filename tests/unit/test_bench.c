/* What facesdist-bench stands on: products are verified so that a wrong one is found, the ladder's rungs are right for every size, times are
 * predicted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "check.h"
#include "engine/engine.h"
#include "run/bench/energy.h"
#include "run/bench/ladder.h"
#include "run/bench/product.h"
#include "run/bench/suite.h"

enum { ROWS = 19, DEPTH = 23, COLUMNS = 31, PITCH = 40 };

typedef struct made {
    float a[ROWS * DEPTH], b[DEPTH * PITCH], c[ROWS * COLUMNS];
} made;

static fd_product make(made *m)
{
    fd_product_fill(m->a, ROWS * DEPTH, false, 1);
    fd_product_fill(m->b, DEPTH * PITCH, false, 2);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            int sum = 0;
            for (int k = 0; k < DEPTH; k++)
                sum += (int)m->a[i * DEPTH + k] * (int)m->b[k * PITCH + j];
            m->c[i * COLUMNS + j] = (float)sum;
        }
    return (fd_product){ROWS, DEPTH, COLUMNS, m->a, m->b, m->c, PITCH, false};
}

static void is_wrong(const fd_product *p, int64_t row)
{
    char words[64];
    for (uint64_t seed = 1; seed <= 8; seed++) {
        fd_error *err = fd_product_check(p, seed);
        assert_int_equal(fd_error_code(err), FD_MISMATCH);
        snprintf(words, sizeof words, "wrong in row %lld", (long long)row);
        if (row >= 0 && !strstr(fd_error_message(err), words))
            fail_msg("%s, but it should name row %lld", fd_error_message(err), (long long)row);
        fd_error_free(err);
    }
}

static void test_product_right(void **state)
{
    made m;
    const fd_product p = make(&m);
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        assert_ok(fd_product_check(&p, seed));
    double *wide[3];
    const int64_t n[3] = {ROWS * DEPTH, DEPTH * PITCH, ROWS * COLUMNS};
    const float *narrow[3] = {m.a, m.b, m.c};
    for (int k = 0; k < 3; k++) {
        assert_ok(fd_alloc(&wide[k], (size_t)n[k], sizeof *wide[k]));
        for (int64_t i = 0; i < n[k]; i++)
            wide[k][i] = (double)narrow[k][i];
    }
    const fd_product q = {ROWS, DEPTH, COLUMNS, wide[0], wide[1], wide[2], PITCH, true};
    assert_ok(fd_product_check(&q, 1));
    wide[2][77]++;
    is_wrong(&q, 77 / COLUMNS);
    for (int k = 0; k < 3; k++)
        free(wide[k]);
}

/* Each single wrong number is found, and so are two that cancel in their row's sum, exchanged rows, halves, and what is no number. */
static void test_product_wrong(void **state)
{
    made m;
    const fd_product p = make(&m);
    (void)state;
    for (int64_t i = 0; i < ROWS * COLUMNS; i += 37) {
        m.c[i] += 1;
        is_wrong(&p, i / COLUMNS);
        m.c[i] -= 1;
    }
    m.c[5 * COLUMNS + 3] += 1, m.c[5 * COLUMNS + 4] -= 1;
    is_wrong(&p, 5);
    m.c[5 * COLUMNS + 3] -= 1, m.c[5 * COLUMNS + 4] += 1;
    const float kept = m.c[40];
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0.5F, 3e7F};
    for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
        m.c[40] = odd[k];
        is_wrong(&p, 40 / COLUMNS);
    }
    m.c[40] = kept;
    float row[COLUMNS];
    memcpy(row, m.c, sizeof row);
    memmove(m.c, m.c + COLUMNS, sizeof row);
    memcpy(m.c + COLUMNS, row, sizeof row);
    is_wrong(&p, 0);
    make(&m);
    m.a[0] = 0.25F; /* not the product's fault, but nothing can be said of it */
    is_wrong(&p, -1);
}

/* Sizes beside, below and above every tile and block; every instruction set that this processor has. */
static void test_ladder(void **state)
{
    static const int64_t sizes[] = {1, 3, 12, 31, 33, 64, 100, 193, 259, 300};
    (void)state;
    for (int level = -1; level <= fd_engine_isa_level("auto"); level++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            const int64_t n = sizes[k];
            float *a, *b, *c, *scratch;
            assert_ok(fd_alloc_aligned(&a, (size_t)(n * n), sizeof *a));
            assert_ok(fd_alloc_aligned(&b, (size_t)(n * n), sizeof *b));
            assert_ok(fd_alloc_aligned(&c, (size_t)(n * n), sizeof *c));
            assert_ok(fd_alloc_aligned(&scratch, fd_ladder_scratch(n), sizeof *scratch));
            fd_product_fill(a, n * n, false, 3);
            fd_product_fill(b, n * n, false, 4);
            const fd_product p = {n, n, n, a, b, c, n, false};
            for (int i = 0; fd_rung_at(i); i++) {
                memset(c, 0xff, (size_t)(n * n) * sizeof *c); /* what was there before does not count */
                fd_rung_at(i)->run(fd_vectors_of(level), a, b, c, n, scratch);
                assert_ok(fd_product_check(&p, 5));
            }
            free(a);
            free(b);
            free(c);
            free(scratch);
        }
}

static void test_vectors(void **state)
{
    (void)state;
    for (int level = -1; level <= fd_engine_isa_level("auto"); level++) {
        const fd_vectors *v = fd_vectors_of(level);
        float a[96], b[96], c[96];
        for (int i = 0; i < 96; i++)
            a[i] = -1, b[i] = (float)i, c[i] = (float)(2 * i);
        v->triad(a, b, c, 3, 80);
        for (int i = 0; i < 96; i++)
            assert_true(a[i] == (i < 80 ? (float)(7 * i) : -1));
        assert_true(isfinite(v->chains(1000)));
        assert_true(v->lanes * 2 == v->width);
    }
}

static fd_trial point(const char *series, double size, double operations, double median)
{
    fd_trial t = fd_trial_of("matmul", "cpu", 1, size, "%s", series);
    t.operations = operations;
    t.median = median;
    t.state = isfinite(median) ? FD_TRIAL_MEASURED : FD_TRIAL_FAILED;
    return t;
}

static void test_prediction(void **state)
{
    fd_trials all = {0};
    const fd_trial unknown = point("x", 8, 800, NAN);
    (void)state;
    assert_true(isnan(fd_trials_predict(&all, &unknown)));
    const fd_trial points[] = {point("x", 1, 100, 1), point("x", 2, 200, 3), point("y", 2, 200, 10), point("x", 4, 400, NAN)};
    for (int i = 0; i < 4; i++)
        assert_ok(fd_trials_add(&all, &points[i]));
    assert_true(fd_trials_predict(&all, &unknown) == 12); /* the curve's last point that was measured, four times the work */
    const fd_trial other = point("z", 8, 100, NAN);
    assert_true(fd_trials_predict(&all, &other) == 5); /* a new curve: the slowest of the suite */
    fd_trial elsewhere = other;
    elsewhere.threads = 2;
    assert_true(isnan(fd_trials_predict(&all, &elsewhere)));
    free(all.trial);
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
    assert_true(fd_median(odd, 3) == 2 && fd_median(even, 4) == 2.5);
}

static void write_number(const char *path, double v)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%.0f\n", v);
    fclose(f);
}

/* Two packages; the second one's counter begins anew in between. Without counters nothing is made up. */
static void test_energy(void **state)
{
    char folder[] = "powercap-XXXXXX", path[2][2][96];
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("FACESDIST_POWERCAP", folder, 1), 0);
    const fd_energy none = fd_energy_now();
    assert_true(none.n == 0 && isnan(fd_energy_between(&none, &none)));
    for (int i = 0; i < 2; i++) {
        char package[64];
        snprintf(package, sizeof package, "%s/intel-rapl:%d", folder, i);
        assert_int_equal(mkdir(package, 0777), 0);
        snprintf(path[i][0], sizeof path[i][0], "%s/energy_uj", package);
        snprintf(path[i][1], sizeof path[i][1], "%s/max_energy_range_uj", package);
        write_number(path[i][0], 5e6);
        write_number(path[i][1], 8e6);
    }
    const fd_energy before = fd_energy_now();
    write_number(path[0][0], 7.5e6);
    write_number(path[1][0], 1e6);
    const fd_energy after = fd_energy_now();
    assert_int_equal(after.n, 2);
    assert_true(fabs(fd_energy_between(&before, &after) - (2.5 + 4)) < 1e-9);
    assert_true(isnan(fd_energy_between(&none, &after)));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unlink(path[i][0]) | unlink(path[i][1]), 0);
        *strrchr(path[i][0], '/') = 0;
        assert_int_equal(rmdir(path[i][0]), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    unsetenv("FACESDIST_POWERCAP");
}

static void test_suites(void **state)
{
    (void)state;
    assert_string_equal(fd_suite_at(0)->name, "ceilings");
    for (int i = 0; fd_suite_at(i); i++) {
        assert_ptr_equal(fd_suite_named(fd_suite_at(i)->name), fd_suite_at(i));
        assert_true(strlen(fd_suite_at(i)->name) < sizeof(((fd_trial *)0)->suite) && strlen(fd_suite_at(i)->text) > 100);
    }
    assert_null(fd_suite_named("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product_right), cmocka_unit_test(test_product_wrong), cmocka_unit_test(test_ladder),
        cmocka_unit_test(test_vectors),       cmocka_unit_test(test_prediction),    cmocka_unit_test(test_energy), cmocka_unit_test(test_suites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
