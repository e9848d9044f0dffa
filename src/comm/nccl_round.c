#include "comm/nccl_round.h"

#include <assert.h>

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t aligned(int64_t bytes)
{
    return (bytes + FD_NCCL_ALIGN - 1) / FD_NCCL_ALIGN * FD_NCCL_ALIGN;
}

void fd_nccl_round_plan(const int64_t *counts, int64_t at, int64_t slab, fd_nccl_round *r)
{
    int64_t sending = 0, longest = 0, sum = 0;
    for (int k = 0; k < r->ranks; k++)
        sending += counts[k] > at;
    assert(sending > 0 && slab >= (int64_t)r->ranks * FD_NCCL_ALIGN);
    r->at = at;
    r->part = slab / sending / FD_NCCL_ALIGN * FD_NCCL_ALIGN;   /* the fewer have anything left, the more each sends */
    for (int k = 0; k < r->ranks; k++) {
        r->bytes[k] = counts[k] > at ? min_of(counts[k] - at, r->part) : 0;
        longest = r->bytes[k] > longest ? r->bytes[k] : longest;
        r->place[k] = sum;
        sum += aligned(r->bytes[k]);
    }
    r->width = aligned(longest);
    r->end = r->ranks * r->width;
    r->padded = r->end <= slab && r->end <= sum + sum / 4;
    if (!r->padded)
        r->end = sum;
    for (int k = 0; k < r->ranks && r->padded; k++)
        r->place[k] = k * r->width;
}
