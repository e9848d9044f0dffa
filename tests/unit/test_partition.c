#include "data/partition.h"

#include "check.h"

/* Rounding of sums of up to a thousand costs: far below a part in 10^12. */
static const double slack = 1 + 1e-12;

/* Every item is owned once, in order, and both promised bounds hold. */
static void check_cut(const double *cost, int64_t n, int parts)
{
    int64_t first[1025];
    double total = 0, largest = 0, load_max = 0;
    fd_partition(cost, n, parts, first);
    assert_int_equal(first[0], 0);
    assert_int_equal(first[parts], n);
    for (int64_t i = 0; i < n; i++) {
        total += cost[i];
        largest = cost[i] > largest ? cost[i] : largest;
    }
    for (int p = 0; p < parts; p++) {
        double load = 0;
        assert_true(first[p] <= first[p + 1]);
        for (int64_t i = first[p]; i < first[p + 1]; i++)
            load += cost[i];
        load_max = load > load_max ? load : load_max;
    }
    double mean = total / parts;
    assert_true(load_max <= (mean + largest) * slack);
    if (largest <= 0.05 * mean)
        assert_true(load_max <= 1.05 * mean * slack);
}

static void equal_costs(void **state)
{
    (void)state;
    double cost[130];
    for (int i = 0; i < 130; i++)
        cost[i] = 3;
    for (int n = 0; n <= 130; n++)
        for (int parts = 1; parts <= 130; parts++)
            check_cut(cost, n, parts);
}

static void all_costs_of_one_and_nine(void **state)
{
    (void)state;
    double cost[10];
    for (int n = 0; n <= 10; n++)
        for (int pattern = 0; pattern < 1 << n; pattern++)
            for (int parts = 1; parts <= 12; parts++) {
                for (int i = 0; i < n; i++)
                    cost[i] = pattern >> i & 1 ? 9 : 1;
                check_cut(cost, n, parts);
            }
}

static void random_costs(void **state)
{
    (void)state;
    static double cost[5000];
    uint32_t seed = 12345;
    for (int trial = 0; trial < 400; trial++) {
        int64_t n = 1 + (trial * 7919) % 5000;
        int parts = 1 + (trial * 104729) % 1024;
        for (int64_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            double u = (seed >> 8) / 16777216.0 + 1e-9;
            cost[i] = trial % 3 ? u : 1 / u;   /* every third trial: a few giants among dwarfs */
        }
        check_cut(cost, n, parts);
    }
}

static void a_known_cut(void **state)
{
    (void)state;
    const double cost[] = {4, 1, 1, 1, 1, 4};
    int64_t first[4];
    fd_partition(cost, 6, 3, first);
    assert_int_equal(first[1], 1);
    assert_int_equal(first[2], 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_costs), cmocka_unit_test(all_costs_of_one_and_nine),
                                       cmocka_unit_test(random_costs), cmocka_unit_test(a_known_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
