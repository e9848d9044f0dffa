/* How well a similarity tells pairs of the same person from pairs of two: ROC, AUC, EER, accuracy and its cross-validation. Counts are exact
 * integers; only what is derived from them is rounded. */
#ifndef FD_DIST_ROC_H
#define FD_DIST_ROC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "engine/metric.h"

/* A pair of images. Larger scores are more alike: of a distance, its negative. Never NaN. */
typedef struct fd_trial { double score; bool same; } fd_trial;

/* What is accepted as the same person by "score >= threshold": so many pairs of the same person, and so many of two. */
typedef struct fd_roc_point { int64_t accepted_same, accepted_different; double threshold; } fd_roc_point;

typedef struct fd_roc {
    int64_t same, different;   /* pairs of either kind; both at least 1 */
    fd_roc_point *point;       /* [n] from (0, 0) at +inf to (same, different); one for every distinct score in between */
    int64_t n;
} fd_roc;

/* The curve of trial[n]; FD_FORMAT unless there are pairs of both kinds. fd_roc_free in any case. */
fd_error *fd_roc_of(const fd_trial *trial, int64_t n, fd_roc *out) FD_CHECK;
void fd_roc_free(fd_roc *roc);
double fd_roc_tar(const fd_roc *roc, int64_t i);             /* true accept rate of point i, 0..1 */
double fd_roc_far(const fd_roc *roc, int64_t i);             /* false accept rate */
/* False: point i is halfway between its neighbours, so that the curve is the same without it. The first real threshold is always kept. */
bool fd_roc_is_corner(const fd_roc *roc, int64_t i);

/* Area under the curve, by trapezoids: the chance that a pair of the same person scores above one of two, ties counting half. */
double fd_roc_auc(const fd_roc *roc);
/* The rate at which false accepts and false rejects are equally frequent, on the straight line between the two points where they cross. */
double fd_roc_eer(const fd_roc *roc);
/* The last point with at most one false accept in `denominator`; -1 where there are fewer pairs of two persons than that: it cannot be told. */
int64_t fd_roc_at_far(const fd_roc *roc, int64_t denominator);

/* Pairs judged rightly by "score > threshold is the same person". */
int64_t fd_trials_right(const fd_trial *trial, int64_t n, double threshold);

/* Cross-validation as in the protocol of LFW: the list is cut into FD_FOLDS runs of neighbours, by the pairs' positions in it, the first n % FD_FOLDS
 * runs one longer; each is judged with the threshold that is best on the others. */
enum { FD_FOLDS = 10 };
typedef struct fd_cross {
    double threshold[FD_FOLDS], accuracy[FD_FOLDS];   /* NaN: no pairs in this fold */
    double mean, error, mean_threshold;               /* over the folds that have pairs; error: standard error of the mean */
    int folds;                                        /* that have pairs */
} fd_cross;
/* position[n]: of each trial in a list of `length`, ascending; pairs that could not be scored keep their place. FD_FORMAT where one fold has them all. */
fd_error *fd_cross_validate(const fd_trial *trial, const int64_t *position, int64_t n, int64_t length, fd_cross *out) FD_CHECK;

/* The threshold that judges most pairs rightly: halfway between two neighbouring scores; of equally good ones the highest. +inf where n is 0. */
fd_error *fd_best_threshold(const fd_trial *trial, int64_t n, double *out) FD_CHECK;

/* The value of a metric for two rows of `dim` numbers, in double; NaN where it is not defined (not finite; for the cosine a row of zeros). Equal rows
 * are exactly at distance 0. */
double fd_pair_value(fd_metric metric, const float *a, const float *b, int64_t dim);
/* Value to score and score to value. */
double fd_pair_score(fd_metric metric, double value);

#endif
