#include "engine/sweep.h"

#include <stdbool.h>
#include <string.h>

void fd_topk_clear(const fd_topk *list, fd_metric metric, int64_t n)
{
    for (int64_t i = 0; i < n * list->k; i++) {
        list->distance[i] = fd_topk_empty(metric);
        list->index[i] = -1;
    }
}

/* Whether (value, index) stands in front of place p of a list. */
static bool before(fd_metric metric, float value, int64_t index, const float *distance, const int64_t *at, int64_t p)
{
    if (at[p] < 0)
        return true;
    if (value == distance[p])
        return index < at[p];
    return metric == FD_INNER ? value > distance[p] : value < distance[p];
}

void fd_topk_insert(const fd_topk *list, fd_metric metric, int64_t row, float value, int64_t index)
{
    float *distance = list->distance + row * list->k;
    int64_t *at = list->index + row * list->k, low = 0, high = list->k - 1;
    if (!before(metric, value, index, distance, at, high))
        return;
    while (low < high) { /* the first place that it stands in front of */
        int64_t middle = (low + high) / 2;
        if (before(metric, value, index, distance, at, middle))
            high = middle;
        else
            low = middle + 1;
    }
    size_t behind = (size_t)(list->k - 1 - low);
    memmove(distance + low + 1, distance + low, behind * sizeof *distance);
    memmove(at + low + 1, at + low, behind * sizeof *at);
    distance[low] = value;
    at[low] = index;
}
