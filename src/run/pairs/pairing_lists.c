/* The nearest rows that all ranks found, brought together. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/pairs/pairing.h"

enum { GATHER = 8 << 20 };   /* bytes that a rank gathers at a time */

/* Lists of a few blocks, as they travel: distances [n][k], then indices [n][k]. */
typedef struct parcel {
    int64_t first, rows, k;
    int64_t bytes;            /* of one rank */
    uint8_t *own, *all;       /* all: of every rank, by rank */
} parcel;

static fd_topk list_of(const parcel *c, uint8_t *bytes)
{
    fd_topk list = {.k = c->k};
    list.index = (int64_t *)(void *)bytes;
    list.distance = (float *)(void *)(bytes + c->rows * c->k * (int64_t)sizeof *list.index);
    return list;
}

static fd_error *pack(fd_pairing *p, const parcel *c)
{
    fd_error *err = NULL;
    const fd_topk to = list_of(c, c->own);
    const int64_t side = p->plan[0].side;
    fd_topk_clear(&to, p->metric, c->rows);
    for (int64_t at = 0; at < c->rows; at += side) {
        const int64_t block = (c->first + at) / side, places = fd_tile_plan_rows(&p->plan[0], block) * c->k;
        fd_topk shared;
        if (!fd_lists_touched(p->lists, block))
            continue;
        FD_TRY(fd_lists_lock(p->lists, block, &shared));
        memcpy(to.distance + at * c->k, shared.distance, (size_t)places * sizeof *to.distance);
        memcpy(to.index + at * c->k, shared.index, (size_t)places * sizeof *to.index);
        fd_lists_unlock(p->lists, block);
    }
done:
    return err;
}

static fd_error *merge(fd_pairing *p, const parcel *c, const fd_lists_sink *sink)
{
    fd_error *err = NULL;
    const fd_topk into = list_of(c, c->all);
    fd_topk scratch = {.k = c->k};
    FD_TRY(fd_alloc(&scratch.distance, (size_t)c->k, sizeof *scratch.distance));
    FD_TRY(fd_alloc(&scratch.index, (size_t)c->k, sizeof *scratch.index));
    for (int r = 1; r < fd_comm_ranks(p->comm); r++) {
        const fd_topk from = list_of(c, c->all + r * c->bytes);
        fd_lists_join(p->metric, &into, &from, c->rows, &scratch);
    }
    FD_TRY(sink->take(sink->self, c->first, c->rows, &into));
done:
    free(scratch.distance);
    free(scratch.index);
    return err;
}

/* Blocks that are merged at a time, and the bytes of their lists on each rank. */
static int64_t blocks_at_once(const fd_pairing *p, int64_t *bytes)
{
    const int64_t block = p->plan[0].side * p->wanted.k * (int64_t)(sizeof(float) + sizeof(int64_t)), blocks = GATHER / (block * fd_comm_ranks(p->comm));
    *bytes = (blocks < 1 ? 1 : blocks) * block + 8;
    return blocks < 1 ? 1 : blocks;
}

int64_t fd_pairing_merge_bytes(const fd_pairing *p)
{
    int64_t bytes = 0;
    if (p->wanted.k > 0)
        blocks_at_once(p, &bytes);
    return bytes * (fd_comm_ranks(p->comm) + 1);
}

/* The agreement takes the error over. */
static fd_error *agree_on(fd_pairing *p, fd_error **own)
{
    fd_error *given = *own;
    *own = NULL;
    return fd_comm_agree(p->comm, given);
}

fd_error *fd_pairing_merge_lists(fd_pairing *p, const fd_lists_sink *sink)
{
    fd_error *err = NULL, *own = NULL;
    const int ranks = fd_comm_ranks(p->comm), rank = fd_comm_rank(p->comm);
    const int64_t side = p->plan[0].side, place = (int64_t)(sizeof(float) + sizeof(int64_t)), k = p->wanted.k;
    int64_t bytes = 0, *counts = NULL;
    const int64_t blocks = blocks_at_once(p, &bytes);
    parcel c = {.k = k};
    own = fd_alloc(&counts, (size_t)ranks, sizeof *counts);
    if (!own)
        own = fd_alloc(&c.own, (size_t)bytes, 1);
    if (!own)
        own = fd_alloc(&c.all, (size_t)bytes, (size_t)ranks);
    FD_TRY(agree_on(p, &own));
    for (int64_t chunk = 0; chunk * blocks * side < p->n[0]; chunk++) {
        const int root = (int)(chunk % ranks);
        c.first = chunk * blocks * side;
        c.rows = p->n[0] - c.first < blocks * side ? p->n[0] - c.first : blocks * side;
        c.bytes = (c.rows * k * place + 7) / 8 * 8;   /* indices stay aligned */
        for (int r = 0; r < ranks; r++)
            counts[r] = c.bytes;
        if (!own)
            own = pack(p, &c);
        FD_TRY(fd_comm_gather(p->comm, c.own, c.all, counts, root));
        if (rank == root && !own)
            own = merge(p, &c, sink);
    }
    FD_TRY(agree_on(p, &own));
done:
    fd_error_free(own);
    free(counts);
    free(c.own);
    free(c.all);
    return err;
}
