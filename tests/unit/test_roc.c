/* ROC, its figures and the choice of thresholds: small cases whose answers are known by counting. */
#include <math.h>

#include "check.h"
#include "dist/roc.h"

static const fd_trial four[] = {{0.1, false}, {0.4, false}, {0.35, true}, {0.8, true}};

static void the_curve_has_a_point_for_every_score(void **state)
{
    (void)state;
    fd_roc roc;
    static const int64_t same[] = {0, 1, 1, 2, 2}, different[] = {0, 0, 1, 1, 2};
    assert_ok(fd_roc_of(four, 4, &roc));
    assert_int_equal(roc.n, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(roc.point[i].accepted_same, same[i]);
        assert_int_equal(roc.point[i].accepted_different, different[i]);
    }
    assert_true(isinf(roc.point[0].threshold));
    assert_true(roc.point[1].threshold == 0.8);
    assert_true(fd_roc_auc(&roc) == 0.75);   /* of four couples of a pair of each kind, three are in order */
    assert_true(fd_roc_eer(&roc) == 0.5);
    fd_roc_free(&roc);
}

static void ties_count_half(void **state)
{
    (void)state;
    fd_roc roc;
    static const fd_trial tied[] = {{1, true}, {1, false}, {1, true}, {1, false}, {1, false}};
    assert_ok(fd_roc_of(tied, 5, &roc));
    assert_int_equal(roc.n, 2);
    assert_true(fd_roc_auc(&roc) == 0.5);
    assert_true(fd_roc_eer(&roc) == 0.5);
    fd_roc_free(&roc);
}

static void the_rates_cross_between_points(void **state)
{
    (void)state;
    fd_roc roc;
    /* (far, tar): (0, 0) (0, 1/2) (1, 1): on the last line 1 - tar = far at far 1/3 */
    static const fd_trial trial[] = {{3, true}, {2, true}, {2, false}};
    assert_ok(fd_roc_of(trial, 3, &roc));
    assert_true(fabs(fd_roc_eer(&roc) - 1.0 / 3) < 1e-15);
    fd_roc_free(&roc);
    static const fd_trial apart[] = {{3, true}, {2, false}};
    assert_ok(fd_roc_of(apart, 2, &roc));
    assert_true(fd_roc_eer(&roc) == 0);
    assert_true(fd_roc_auc(&roc) == 1);
    fd_roc_free(&roc);
}

/* Scores from 20,000 down, every tenth a pair of two persons. */
static void false_accepts_are_counted_not_rounded(void **state)
{
    (void)state;
    enum { N = 20000 };
    static fd_trial trial[N];
    fd_roc roc;
    for (int i = 0; i < N; i++)
        trial[i] = (fd_trial){N - i, i % 10 != 9};
    assert_ok(fd_roc_of(trial, N, &roc));
    assert_int_equal(roc.different, 2000);
    static const int64_t denominator[] = {10, 100, 1000, 2000, 2001, 1000000}, allowed[] = {200, 20, 2, 1, -1, -1};
    for (int i = 0; i < 6; i++) {
        const int64_t at = fd_roc_at_far(&roc, denominator[i]);
        if (allowed[i] < 0) {
            assert_int_equal(at, -1);
            continue;
        }
        assert_int_equal(roc.point[at].accepted_different, allowed[i]);
        assert_int_equal(roc.point[at].accepted_same, 9 * (allowed[i] + 1));   /* all before the next false accept */
    }
    fd_roc_free(&roc);
}

static void corners_keep_the_area(void **state)
{
    (void)state;
    fd_roc roc;
    static const fd_trial trial[] = {{9, true}, {8, true}, {7, false}, {6, false}, {5, true}, {4, true}, {4, false}, {3, true}, {3, false}};
    assert_ok(fd_roc_of(trial, 9, &roc));
    double area = 0;
    int corners = 0;
    for (int64_t i = 1, last = 0; i < roc.n; i++)
        if (fd_roc_is_corner(&roc, i)) {
            area += (fd_roc_far(&roc, i) - fd_roc_far(&roc, last)) * (fd_roc_tar(&roc, i) + fd_roc_tar(&roc, last)) / 2;
            last = i;
            corners++;
        }
    assert_int_equal(roc.n, 8);
    assert_int_equal(corners, 5);   /* the first score, then up, right, up, and the two ties on one slope */
    assert_true(fabs(area - fd_roc_auc(&roc)) < 1e-15);
    fd_roc_free(&roc);
}

static void one_kind_alone_has_no_curve(void **state)
{
    (void)state;
    fd_roc roc;
    assert_fails(fd_roc_of(four, 2, &roc), FD_FORMAT, "0 pairs of the same person and 2 of two persons");
    fd_roc_free(&roc);
    assert_fails(fd_roc_of(four, 0, &roc), FD_FORMAT, "needs both");
    fd_roc_free(&roc);
}

static void the_best_threshold_lies_halfway(void **state)
{
    (void)state;
    double t;
    static const fd_trial apart[] = {{-2, false}, {5, true}, {1, false}, {4, true}};
    assert_ok(fd_best_threshold(apart, 4, &t));
    assert_true(t == 2.5);
    assert_int_equal(fd_trials_right(apart, 4, t), 4);
    assert_ok(fd_best_threshold(four, 4, &t));   /* 0.6 and 0.225 judge three rightly: the higher one */
    assert_true(fabs(t - 0.6) < 1e-15);
    static const fd_trial all_same[] = {{1, true}, {2, true}}, all_different[] = {{1, false}, {2, false}};
    assert_ok(fd_best_threshold(all_same, 2, &t));
    assert_int_equal(fd_trials_right(all_same, 2, t), 2);
    assert_ok(fd_best_threshold(all_different, 2, &t));
    assert_int_equal(fd_trials_right(all_different, 2, t), 2);
    const fd_trial near[] = {{1, false}, {nextafter(1, 2), true}};
    assert_ok(fd_best_threshold(near, 2, &t));
    assert_int_equal(fd_trials_right(near, 2, t), 2);
}

/* A score at the threshold is not above it. */
static void the_threshold_itself_is_rejected(void **state)
{
    (void)state;
    static const fd_trial at[] = {{1, true}};
    assert_int_equal(fd_trials_right(at, 1, 1), 0);
    assert_int_equal(fd_trials_right(at, 1, nextafter(1, 0)), 1);
}

static void a_fold_is_judged_by_the_others(void **state)
{
    (void)state;
    enum { N = 20 };
    fd_trial trial[N];
    int64_t position[N];
    fd_cross c;
    for (int i = 0; i < N; i++) {   /* each fold one of either kind; in fold 3 they are the wrong way round */
        trial[i] = (fd_trial){(i % 2) != (i / 2 == 3) ? 10 : 0, i % 2};
        position[i] = i;
    }
    assert_ok(fd_cross_validate(trial, position, N, N, &c));
    assert_int_equal(c.folds, FD_FOLDS);
    for (int k = 0; k < FD_FOLDS; k++) {
        assert_true(c.threshold[k] == 5);
        assert_true(c.accuracy[k] == (k == 3 ? 0 : 1));
    }
    assert_true(fabs(c.mean - 0.9) < 1e-15);
    assert_true(fabs(c.error - 0.1) < 1e-15);   /* sqrt((9 * 0.01 + 0.81) / 9 / 10) */
}

/* 23 places: folds of 3, 3, 3, 2, ...; pairs that were left out leave their fold smaller, or empty. */
static void pairs_keep_their_place(void **state)
{
    (void)state;
    static const fd_trial trial[] = {{1, true}, {0, false}, {1, true}, {0, false}, {1, true}};
    static const int64_t position[] = {2, 3, 9, 10, 22};
    fd_cross c;
    assert_ok(fd_cross_validate(trial, position, 5, 23, &c));
    assert_int_equal(c.folds, 4);
    static const bool used[FD_FOLDS] = {true, true, false, true, false, false, false, false, false, true};
    for (int k = 0; k < FD_FOLDS; k++)
        assert_int_equal(!isnan(c.accuracy[k]), used[k]);
    assert_true(c.mean == 1);
    static const int64_t together[] = {0, 1, 2, 2, 2};
    assert_fails(fd_cross_validate(trial, together, 5, 50, &c), FD_FORMAT, "in one of the 10 folds");
}

static void values_of_pairs(void **state)
{
    (void)state;
    static const float a[] = {3, 0, 0}, b[] = {0, 4, 0}, zero[] = {0, 0, 0}, huge[] = {3e38f, 3e38f, 0}, nan[] = {NAN, 0, 0};
    assert_true(fd_pair_value(FD_EUCLIDEAN, a, b, 3) == 5);
    assert_true(fd_pair_value(FD_SQEUCLIDEAN, a, b, 3) == 25);
    assert_true(fabs(fd_pair_value(FD_COSINE, a, b, 3) - 1) < 1e-15);
    assert_true(fd_pair_value(FD_INNER, a, b, 3) == 0);
    assert_true(fd_pair_value(FD_COSINE, huge, huge, 3) == 0);
    assert_true(isfinite(fd_pair_value(FD_EUCLIDEAN, huge, zero, 3)));
    assert_true(isnan(fd_pair_value(FD_COSINE, a, zero, 3)));
    assert_true(isnan(fd_pair_value(FD_INNER, a, nan, 3)));
    assert_true(fd_pair_score(FD_EUCLIDEAN, 2) == -2);
    assert_true(fd_pair_score(FD_INNER, 2) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_has_a_point_for_every_score),
        cmocka_unit_test(ties_count_half),
        cmocka_unit_test(the_rates_cross_between_points),
        cmocka_unit_test(false_accepts_are_counted_not_rounded),
        cmocka_unit_test(corners_keep_the_area),
        cmocka_unit_test(one_kind_alone_has_no_curve),
        cmocka_unit_test(the_best_threshold_lies_halfway),
        cmocka_unit_test(the_threshold_itself_is_rejected),
        cmocka_unit_test(a_fold_is_judged_by_the_others),
        cmocka_unit_test(pairs_keep_their_place),
        cmocka_unit_test(values_of_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
