#include "dist/roc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int by_score(const void *a, const void *b)
{
    const fd_trial *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

/* *out = a copy of trial[n], highest score first. */
static fd_error *sorted_copy(const fd_trial *trial, int64_t n, fd_trial **out)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(out, (size_t)n, sizeof **out));
    if (n > 0) {
        memcpy(*out, trial, (size_t)n * sizeof *trial);
        qsort(*out, (size_t)n, sizeof **out, by_score);
    }
done:
    return err;
}

fd_error *fd_roc_of(const fd_trial *trial, int64_t n, fd_roc *out)
{
    fd_error *err = NULL;
    fd_trial *sorted = NULL;
    *out = (fd_roc){0};
    FD_TRY(sorted_copy(trial, n, &sorted));
    FD_TRY(fd_alloc(&out->point, (size_t)n + 1, sizeof *out->point));
    out->point[out->n++].threshold = INFINITY;
    for (int64_t i = 0; i < n; i++) {
        out->same += sorted[i].same;
        out->different += !sorted[i].same;
        if (i + 1 == n || sorted[i + 1].score < sorted[i].score)
            out->point[out->n++] = (fd_roc_point){out->same, out->different, sorted[i].score};
    }
    if (out->same == 0 || out->different == 0)
        FD_THROW(FD_FORMAT, "%lld pairs of the same person and %lld of two persons: a curve needs both", (long long)out->same, (long long)out->different);
done:
    free(sorted);
    return err;
}

void fd_roc_free(fd_roc *roc)
{
    free(roc->point);
    *roc = (fd_roc){0};
}

double fd_roc_tar(const fd_roc *roc, int64_t i)
{
    return (double)roc->point[i].accepted_same / (double)roc->same;
}

double fd_roc_far(const fd_roc *roc, int64_t i)
{
    return (double)roc->point[i].accepted_different / (double)roc->different;
}

bool fd_roc_is_corner(const fd_roc *roc, int64_t i)
{
    if (i <= 1 || i == roc->n - 1)
        return true;
    const fd_roc_point *p = &roc->point[i];
    return p[1].accepted_same - p[0].accepted_same != p[0].accepted_same - p[-1].accepted_same ||
           p[1].accepted_different - p[0].accepted_different != p[0].accepted_different - p[-1].accepted_different;
}

double fd_roc_auc(const fd_roc *roc)
{
    uint64_t twice = 0;   /* of the area in units of one pair by one pair: exact up to 3e9 pairs of each kind */
    for (int64_t i = 1; i < roc->n; i++) {
        const fd_roc_point *p = &roc->point[i];
        twice += (uint64_t)(p[0].accepted_different - p[-1].accepted_different) * (uint64_t)(p[0].accepted_same + p[-1].accepted_same);
    }
    return (double)twice / 2 / ((double)roc->same * (double)roc->different);
}

double fd_roc_eer(const fd_roc *roc)
{
    double before = 1;   /* false rejects less false accepts: from 1 at the first point down to -1 at the last */
    for (int64_t i = 1; i < roc->n; i++) {
        const double after = 1 - fd_roc_tar(roc, i) - fd_roc_far(roc, i);
        if (after <= 0) {
            const double share = before / (before - after), from = fd_roc_far(roc, i - 1);
            return from + share * (fd_roc_far(roc, i) - from);
        }
        before = after;
    }
    return 1;
}

int64_t fd_roc_at_far(const fd_roc *roc, int64_t denominator)
{
    int64_t low = 0, high = roc->n;
    const int64_t most = roc->different / denominator;
    if (most == 0)
        return -1;
    while (high - low > 1) {   /* point[low] is within the limit, point[high] is not */
        const int64_t middle = low + (high - low) / 2;
        *(roc->point[middle].accepted_different <= most ? &low : &high) = middle;
    }
    return low;
}

int64_t fd_trials_right(const fd_trial *trial, int64_t n, double threshold)
{
    int64_t right = 0;
    for (int64_t i = 0; i < n; i++)
        right += (trial[i].score > threshold) == trial[i].same;
    return right;
}

/* A threshold that accepts `above` and rejects `below`, above > below: the middle where there is one. */
static double between(double above, double below)
{
    const double middle = below / 2 + above / 2;   /* of the halves: the sum may be beyond double */
    return middle > below && middle < above ? middle : below;
}

fd_error *fd_best_threshold(const fd_trial *trial, int64_t n, double *out)
{
    fd_error *err = NULL;
    fd_trial *sorted = NULL;
    int64_t gain = 0, best = 0;   /* pairs judged rightly, less those of accepting none */
    *out = INFINITY;
    FD_TRY(sorted_copy(trial, n, &sorted));
    if (n > 0)
        *out = sorted[0].score;   /* accepts none */
    for (int64_t i = 0; i < n; i++) {
        gain += sorted[i].same ? 1 : -1;
        const bool last = i + 1 == n;
        if (gain <= best || (!last && sorted[i + 1].score == sorted[i].score))
            continue;
        best = gain;
        *out = last ? nextafter(sorted[i].score, -INFINITY) : between(sorted[i].score, sorted[i + 1].score);
    }
done:
    free(sorted);
    return err;
}

/* --- cross-validation ---------------------------------------------------------------------------------------------------------------- */

static int64_t fold_start(int64_t length, int fold)
{
    const int64_t rest = length % FD_FOLDS;
    return length / FD_FOLDS * fold + (fold < rest ? fold : rest);
}

/* trial[first..end-1] is judged with the threshold of all others, which are put into rest. */
static fd_error *judge_fold(const fd_trial *trial, int64_t n, int64_t first, int64_t end, fd_trial *rest, double *threshold, double *accuracy)
{
    fd_error *err = NULL;
    *threshold = *accuracy = NAN;
    if (end == first)
        return NULL;
    if (end - first == n)
        FD_THROW(FD_FORMAT, "all %lld pairs are in one of the %d folds: nothing is left to choose a threshold by", (long long)n, FD_FOLDS);
    memcpy(rest, trial, (size_t)first * sizeof *trial);
    memcpy(rest + first, trial + end, (size_t)(n - end) * sizeof *trial);
    FD_TRY(fd_best_threshold(rest, n - (end - first), threshold));
    *accuracy = (double)fd_trials_right(trial + first, end - first, *threshold) / (double)(end - first);
done:
    return err;
}

static void summarise(fd_cross *c)
{
    double sum = 0, squares = 0, thresholds = 0;
    for (int k = 0; k < FD_FOLDS; k++)
        if (!isnan(c->accuracy[k])) {
            c->folds++;
            sum += c->accuracy[k];
            thresholds += c->threshold[k];
        }
    c->mean = sum / c->folds;
    c->mean_threshold = thresholds / c->folds;
    for (int k = 0; k < FD_FOLDS; k++)
        if (!isnan(c->accuracy[k]))
            squares += (c->accuracy[k] - c->mean) * (c->accuracy[k] - c->mean);
    c->error = c->folds > 1 ? sqrt(squares / (c->folds - 1) / c->folds) : NAN;
}

fd_error *fd_cross_validate(const fd_trial *trial, const int64_t *position, int64_t n, int64_t length, fd_cross *out)
{
    fd_error *err = NULL;
    fd_trial *rest = NULL;
    int64_t end = 0;
    *out = (fd_cross){0};
    FD_TRY(fd_alloc(&rest, (size_t)n, sizeof *rest));
    for (int k = 0; k < FD_FOLDS; k++) {
        const int64_t first = end, limit = fold_start(length, k + 1);
        while (end < n && position[end] < limit)
            end++;
        FD_TRY(judge_fold(trial, n, first, end, rest, &out->threshold[k], &out->accuracy[k]));
    }
    summarise(out);
done:
    free(rest);
    return err;
}

/* --- scores -------------------------------------------------------------------------------------------------------------------------- */

/* Half the squared difference of the rows at length 1, which is 1 - cos without its cancellation. Rows of float32: no sum leaves double. */
static double cosine(const float *a, const float *b, int64_t dim)
{
    double aa = 0, bb = 0, sum = 0;
    for (int64_t k = 0; k < dim; k++) {
        aa += (double)a[k] * a[k];
        bb += (double)b[k] * b[k];
    }
    aa = sqrt(aa);
    bb = sqrt(bb);
    for (int64_t k = 0; k < dim; k++) {
        const double d = a[k] / aa - b[k] / bb;
        sum += d * d;
    }
    return sum / 2;
}

double fd_pair_value(fd_metric metric, const float *a, const float *b, int64_t dim)
{
    double squares = 0, product = 0;
    for (int64_t k = 0; k < dim; k++) {
        const double d = (double)a[k] - b[k];
        if (!isfinite(a[k]) || !isfinite(b[k]))
            return NAN;
        squares += d * d;
        product += (double)a[k] * b[k];
    }
    switch (metric) {
    case FD_EUCLIDEAN: return sqrt(squares);
    case FD_SQEUCLIDEAN: return squares;
    case FD_COSINE: return cosine(a, b, dim);
    case FD_INNER: return product;
    case FD_METRIC_COUNT: break;
    }
    return NAN;
}

double fd_pair_score(fd_metric metric, double value)
{
    return metric == FD_INNER ? value : -value;
}
