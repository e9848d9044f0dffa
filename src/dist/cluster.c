#include "dist/cluster.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

static fd_error *check_graph(const fd_graph *g)
{
    for (int64_t i = 0; i < g->n; i++)
        if (g->start[i] < 0 || g->start[i + 1] < g->start[i])
            return FD_FAIL(FD_FORMAT, "the neighbours of row %lld end before they begin", (long long)i);
    for (int64_t e = g->n > 0 ? g->start[0] : 0; g->n > 0 && e < g->start[g->n]; e++)
        if (g->neighbour[e] < 0 || g->neighbour[e] >= g->n)
            return FD_FAIL(FD_FORMAT, "a pair with row %lld of %lld", (long long)g->neighbour[e], (long long)g->n);
    return NULL;
}

/* --- numbering ----------------------------------------------------------------------------------------------------------------------- */

typedef struct group { int64_t size, first, number; } group;

static int by_size(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

fd_error *fd_cluster_number(int64_t *label, int64_t n)
{
    fd_error *err = NULL;
    group *groups = NULL;
    int64_t *place = NULL;
    int64_t count = 0;
    FD_TRY(fd_alloc(&groups, (size_t)n, sizeof *groups));
    FD_TRY(fd_alloc(&place, (size_t)n, sizeof *place));
    for (int64_t i = 0; i < n; i++) {   /* place: 1 + the group's index; groups in the order of their first rows */
        if (label[i] < 0)
            continue;
        if (place[label[i]] == 0) {
            groups[count] = (group){.first = i, .number = label[i]};
            place[label[i]] = ++count;
        }
        groups[place[label[i]] - 1].size++;
    }
    if (count > 0)
        qsort(groups, (size_t)count, sizeof *groups, by_size);
    for (int64_t k = 0; k < count; k++)
        place[groups[k].number] = k;
    for (int64_t i = 0; i < n; i++)
        label[i] = label[i] < 0 ? label[i] : place[label[i]];
done:
    free(groups);
    free(place);
    return err;
}

fd_error *fd_cluster_sizes(const int64_t *label, int64_t n, int64_t **size, int64_t *groups)
{
    fd_error *err = NULL;
    *groups = 0;
    for (int64_t i = 0; i < n; i++)
        *groups = label[i] >= *groups ? label[i] + 1 : *groups;
    FD_TRY(fd_alloc(size, (size_t)*groups, sizeof **size));
    for (int64_t i = 0; i < n; i++)
        if (label[i] >= 0)
            ++(*size)[label[i]];
done:
    return err;
}

/* --- connected components ------------------------------------------------------------------------------------------------------------ */

void fd_union_init(int64_t *parent, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        parent[i] = i;
}

int64_t fd_union_root(int64_t *parent, int64_t a)
{
    while (parent[a] != a) {
        parent[a] = parent[parent[a]];   /* halves the way for the next */
        a = parent[a];
    }
    return a;
}

void fd_union_join(int64_t *parent, int64_t a, int64_t b)
{
    a = fd_union_root(parent, a);
    b = fd_union_root(parent, b);
    parent[a > b ? a : b] = a > b ? b : a;
}

fd_error *fd_cluster_connected(const fd_graph *g, int64_t *label)
{
    fd_error *err = NULL;
    FD_TRY(check_graph(g));
    fd_union_init(label, g->n);
    for (int64_t i = 0; i < g->n; i++)
        for (int64_t e = g->start[i]; e < g->start[i + 1]; e++)
            fd_union_join(label, i, g->neighbour[e]);
    for (int64_t i = 0; i < g->n; i++)
        label[i] = fd_union_root(label, i);   /* never above i: what it still needs lies below */
    FD_TRY(fd_cluster_number(label, g->n));
done:
    return err;
}

/* --- Chinese whispers ---------------------------------------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Fisher and Yates. The remainder favours small numbers by n / 2^64, which is nothing. */
static void shuffle(int64_t *order, int64_t n, uint64_t *state)
{
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)(draw(state) % (uint64_t)(i + 1)), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* How far a pair is within the radius, in units of the squared length or the inner product; both are exact in double, the difference is rounded once. */
static double closeness(fd_metric metric, float radius, float value)
{
    const double r = radius, v = value;
    const double close = metric == FD_EUCLIDEAN ? r * r - v * v : metric == FD_INNER ? v - r : r - v;
    return close > 0 ? fmin(close, DBL_MAX) : 0;
}

void fd_cluster_weights(fd_metric metric, float radius, const float *value, int64_t n, int32_t *weight)
{
    double most = metric == FD_INNER ? 0 : closeness(metric, radius, 0);
    for (int64_t e = 0; e < n && metric == FD_INNER; e++)
        most = fmax(most, closeness(metric, radius, value[e]));
    for (int64_t e = 0; e < n; e++)
        weight[e] = 1 + (most > 0 ? (int32_t)(closeness(metric, radius, value[e]) / most * FD_WEIGHT_MOST) : 0);
}

/* The label that weighs most among the neighbours of row i, its own where it has none. votes [n] is all zeros before and after. */
static int64_t loudest(const fd_graph *g, int64_t i, const int64_t *label, int64_t *votes)
{
    int64_t best = -1;
    for (int64_t e = g->start[i]; e < g->start[i + 1]; e++)
        if (g->neighbour[e] != i)
            votes[label[g->neighbour[e]]] += g->weight ? g->weight[e] : 1;
    for (int64_t e = g->start[i]; e < g->start[i + 1]; e++) {
        const int64_t other = label[g->neighbour[e]];
        if (votes[other] > 0 && (best < 0 || votes[other] > votes[best] || (votes[other] == votes[best] && other < best)))
            best = other;
    }
    for (int64_t e = g->start[i]; e < g->start[i + 1]; e++)
        votes[label[g->neighbour[e]]] = 0;
    return best < 0 ? label[i] : best;
}

fd_error *fd_cluster_whispers(const fd_graph *g, uint64_t seed, int64_t *label)
{
    fd_error *err = NULL;
    int64_t *order = NULL, *votes = NULL;
    bool changed = true;
    FD_TRY(check_graph(g));
    FD_TRY(fd_alloc(&order, (size_t)g->n, sizeof *order));
    FD_TRY(fd_alloc(&votes, (size_t)g->n, sizeof *votes));
    for (int64_t i = 0; i < g->n; i++)
        order[i] = label[i] = i;
    for (int round = 0; round < FD_WHISPER_ROUNDS && changed; round++) {
        changed = false;
        shuffle(order, g->n, &seed);
        for (int64_t k = 0; k < g->n; k++) {
            const int64_t heard = loudest(g, order[k], label, votes);
            changed |= heard != label[order[k]];
            label[order[k]] = heard;
        }
    }
    FD_TRY(fd_cluster_number(label, g->n));
done:
    free(order);
    free(votes);
    return err;
}
