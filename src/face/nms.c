/* Ranking and non-maximum suppression.
 *
 * Suppression over union need not compare all pairs. If two boxes of widths a <= b have IoU > t, then a > t b (what they share is at most a
 * wide, their union at least b), and their left sides are less than (1 - t) b apart; likewise for heights and tops. So survivors are filed by
 * size class (power of two of the width) and by the grid cell of their corner, and a box is compared only with those in reach. */
#include "face/proposal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/math/nms.h"

void fd_nms_work_free(fd_nms_work *w)
{
    free(w->key);
    free(w->copy);
    free(w->head);
    free(w->next);
    memset(w, 0, sizeof *w);
}

static int by_key(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Ascending keys are descending scores: the bits of floats that are not negative sort as the floats do. */
static uint64_t key_of(float score, uint32_t place)
{
    float positive = score + 0.0f;   /* -0 becomes 0 */
    uint32_t bits;
    memcpy(&bits, &positive, sizeof bits);
    return (uint64_t)~bits << 32 | place;
}

fd_error *fd_rank(fd_nms_work *w, fd_proposal *p, int32_t n, fd_tie tie)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&w->key, &w->capacity_key, (size_t)n, sizeof *w->key));
    FD_TRY(fd_grow(&w->copy, &w->capacity_copy, (size_t)n, sizeof *w->copy));
    for (int32_t i = 0; i < n; i++)
        w->key[i] = key_of(p[i].score, (uint32_t)(tie == FD_EARLIER_FIRST ? i : n - 1 - i));
    if (n > 1)
        qsort(w->key, (size_t)n, sizeof *w->key, by_key);
    if (n > 0)
        memcpy(w->copy, p, (size_t)n * sizeof *p);
    for (int32_t i = 0; i < n; i++) {
        int32_t place = (int32_t)(uint32_t)w->key[i];
        p[i] = w->copy[tie == FD_EARLIER_FIRST ? place : n - 1 - place];
    }
done:
    return err;
}

enum { CLASSES = 160 };   /* class k: widths of 2^k .. 2^(k+1) pixels; all below 2 count as class 0 */

static int size_class(double width)
{
    int exponent;
    frexp(width, &exponent);   /* width = [0.5, 1) * 2^exponent */
    return exponent > 1 ? exponent - 1 : 0;
}

static int64_t cell_of(double v, double pitch)
{
    const double limit = 1e15, c = floor(v / pitch);
    return (int64_t)(c < -limit ? -limit : c > limit ? limit : c);
}

static uint32_t bucket_of(int k, int64_t column, int64_t row)
{
    uint64_t h = (uint64_t)column * 0x9e3779b97f4a7c15u ^ ((uint64_t)row + (uint64_t)k * 0x51ed27) * 0xc2b2ae3d27d4eb4fu;
    return (uint32_t)(h >> 32 ^ h >> 7);
}

typedef struct grid {
    fd_nms_work *work;
    const fd_proposal *p;
    uint32_t mask;
    double limit;
    int32_t kept;
    bool used[CLASSES];
} grid;

/* A box without area, or not finite, shares no area with any other: it neither suppresses nor is suppressed. */
static bool has_area(fd_box b)
{
    float w = b.x2 - b.x1, h = b.y2 - b.y1;
    return w > 0.0f && h > 0.0f && isfinite(w) && isfinite(h);
}

static void file(grid *g, int32_t i)
{
    fd_box b = g->p[i].box;
    const int k = size_class((double)(b.x2 - b.x1));
    double pitch = ldexp(1.0, k + 1);
    uint32_t bucket = bucket_of(k, cell_of((double)b.x1, pitch), cell_of((double)b.y1, pitch)) & g->mask;
    g->work->next[i] = g->work->head[bucket];
    g->work->head[bucket] = i;
    g->used[k] = true;
}

/* Is `b` suppressed by a filed box of one class? */
static bool hit_in_class(const grid *g, fd_box b, int k)
{
    const double w = (double)(b.x2 - b.x1), h = (double)(b.y2 - b.y1), pitch = ldexp(1.0, k + 1), slack = 1.001;
    const double widest = fmax(w, fmin(w / g->limit, pitch));
    const double reach_x = (1 - g->limit) * widest * slack, reach_y = (1 - g->limit) * h / g->limit * slack;
    const int64_t left = cell_of((double)b.x1 - reach_x, pitch), right = cell_of((double)b.x1 + reach_x, pitch);
    const int64_t top = cell_of((double)b.y1 - reach_y, pitch), bottom = cell_of((double)b.y1 + reach_y, pitch);
    for (int64_t row = top; row <= bottom; row++)
        for (int64_t column = left; column <= right; column++)
            for (int32_t i = g->work->head[bucket_of(k, column, row) & g->mask]; i >= 0; i = g->work->next[i])
                if (fd_nms_union(g->p[i].box, b, (float)g->limit))
                    return true;
    return false;
}

static bool hit_by_union(const grid *g, fd_box b)
{
    const double w = (double)(b.x2 - b.x1), slack = 1.001;
    if ((double)(b.y2 - b.y1) > 4 * w) {   /* rows of the grid go by the width: too many to visit for a tall box */
        for (int32_t i = 0; i < g->kept; i++)
            if (fd_nms_union(g->p[i].box, b, (float)g->limit))
                return true;
        return false;
    }
    const int last = size_class(w / g->limit * slack);
    for (int k = size_class(w * g->limit / slack); k <= last; k++)
        if (g->used[k] && hit_in_class(g, b, k))
            return true;
    return false;
}

static fd_error *suppress_by_union(fd_nms_work *w, fd_proposal *p, int32_t *n, float limit)
{
    fd_error *err = NULL;
    size_t buckets = 64;
    while (buckets < (size_t)*n)
        buckets *= 2;
    FD_TRY(fd_grow(&w->head, &w->capacity_head, buckets, sizeof *w->head));
    FD_TRY(fd_grow(&w->next, &w->capacity_next, (size_t)*n, sizeof *w->next));
    memset(w->head, 0xff, buckets * sizeof *w->head);   /* -1: empty */
    grid g = {.work = w, .p = p, .mask = (uint32_t)(buckets - 1), .limit = (double)limit};
    for (int32_t i = 0; i < *n; i++) {
        bool area = has_area(p[i].box);
        if (area && hit_by_union(&g, p[i].box))
            continue;
        p[g.kept] = p[i];
        if (area)
            file(&g, g.kept);
        g.kept++;
    }
    *n = g.kept;
done:
    return err;
}

static void suppress_by_min(fd_proposal *p, int32_t *n, float limit)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < *n; i++) {
        int32_t j = 0;
        while (j < kept && !fd_nms_min(p[j].box, p[i].box, limit))
            j++;
        if (j == kept)
            p[kept++] = p[i];
    }
    *n = kept;
}

fd_error *fd_suppress(fd_nms_work *w, fd_proposal *p, int32_t *n, fd_overlap overlap, float limit)
{
    if (overlap == FD_OVERLAP_UNION)
        return suppress_by_union(w, p, n, limit);
    suppress_by_min(p, n, limit);
    return NULL;
}
