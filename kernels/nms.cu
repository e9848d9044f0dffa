/* Greedy suppression: within a group, best first, each box that still stands removes those behind it that overlap it too much. A block takes a
 * group, for groups do not meet; ranks are counted, not sorted: a group is a level or a photograph, thousands of boxes at most. */
#include "kernels/nms.h"

#include "kernels/launch.cuh"

enum { THREADS = 256, SCAN_THREADS = 1024 };

/* Scratch: place[p] = the box that stands at place p, groups one after the other, best first; gone[p]: it was removed. */
struct work {
    int32_t *place;
    uint8_t *gone;
};

/* The first of n boxes whose group is not below g (or, with `behind`, is above). */
static __device__ int64_t border(const int32_t *group, int64_t n, int32_t g, bool behind)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (group[middle] < g || (behind && group[middle] == g))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether box i goes before box j of the same group. */
static __device__ bool is_before(const fd_nms_boxes &b, const fd_nms_rule &rule, int64_t i, int64_t j)
{
    if (b.score[i] != b.score[j])
        return b.score[i] > b.score[j];
    return rule.later_first ? i > j : i < j;
}

/* A thread finds the place of one box. */
static __global__ void rank(fd_nms_boxes b, fd_nms_rule rule, work w)
{
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (i >= b.n)
        return;
    const int64_t begin = border(b.group, b.n, b.group[i], false), end = border(b.group, b.n, b.group[i], true);
    int64_t at = begin;
    for (int64_t j = begin; j < end; j++)
        at += is_before(b, rule, j, i);
    w.place[at] = (int32_t)i;
    w.gone[at] = 0;
}

/* A block for each box; those of boxes that begin a group do its work. */
static __global__ void suppress(fd_nms_boxes b, fd_nms_rule rule, work w)
{
    const int64_t begin = blockIdx.x;
    if (begin > 0 && b.group[begin - 1] == b.group[begin])
        return;
    const int64_t end = border(b.group, b.n, b.group[begin], true);
    for (int64_t p = begin; p < end; p++) {
        __syncthreads();   /* all boxes before have removed what they remove */
        if (w.gone[p])
            continue;
        const fd_box best = b.box[w.place[p]];
        for (int64_t q = p + 1 + threadIdx.x; q < end; q += THREADS) {
            const fd_box other = b.box[w.place[q]];
            if (rule.overlap ? fd_nms_min(best, other, rule.limit) : fd_nms_union(best, other, rule.limit))
                w.gone[q] = 1;
        }
    }
}

/* Those that stand, in their order, by one block: each thread counts a stretch, then writes behind the stretches before. */
static __global__ void collect(int64_t n, work w, fd_nms_kept kept)
{
    __shared__ int64_t sum[SCAN_THREADS];
    const int64_t stretch = (n + SCAN_THREADS - 1) / SCAN_THREADS, begin = threadIdx.x * stretch, end = begin + stretch < n ? begin + stretch : n;
    int64_t stand = 0, before = 0;
    for (int64_t p = begin; p < end; p++)
        stand += !w.gone[p];
    sum[threadIdx.x] = stand;
    __syncthreads();
    for (unsigned k = 0; k < threadIdx.x; k++)
        before += sum[k];
    if (threadIdx.x == SCAN_THREADS - 1)
        *kept.count = before + stand;
    for (int64_t p = begin; p < end; p++)
        if (!w.gone[p])
            kept.index[before++] = w.place[p];
}

int64_t fd_nms_scratch(int64_t n)
{
    return n * (int64_t)(sizeof(int32_t) + sizeof(uint8_t));
}

int fd_nms(fd_nms_boxes boxes, fd_nms_rule rule, fd_nms_kept kept, void *scratch, fd_stream stream)
{
    const work w = {static_cast<int32_t *>(scratch), reinterpret_cast<uint8_t *>(static_cast<int32_t *>(scratch) + boxes.n)};
    int error = 0;
    if (boxes.n > 0)
        error = FD_LAUNCH(rank, fd_blocks(boxes.n, THREADS), THREADS, stream, boxes, rule, w);
    if (!error && boxes.n > 0)
        error = FD_LAUNCH(suppress, (unsigned)boxes.n, THREADS, stream, boxes, rule, w);
    if (!error)
        error = FD_LAUNCH(collect, 1, SCAN_THREADS, stream, boxes.n, w, kept);
    return error;
}
