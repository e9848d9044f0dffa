/* Pairs within the radius as compressed rows: counted by all ranks, then collected a bounded number of rows at a time. */
#include <stdlib.h>

#include "base/memory.h"
#include "run/pairs/pairing.h"

enum { CHUNK = 1 << 19 };   /* pairs that are collected at a time; a row may have more */

typedef struct rows {
    fd_pairing *pairing;
    fd_result_writer *writer;
    int64_t *start;           /* [n + 1] of all ranks */
    fd_pair *own, *all;
    size_t n, capacity;       /* of own */
    int64_t *index;
    float *distance;
    int64_t *counts;          /* [ranks] */
} rows;

/* row_count of all ranks -> where each row's pairs start. */
static fd_error *find_starts(rows *r)
{
    fd_error *err = NULL, *own = NULL;
    fd_pairing *p = r->pairing;
    for (int t = 0; t < p->spills && !own; t++)
        own = fd_spill_rewind(p->spill[t]);
    FD_TRY(fd_comm_agree(p->comm, own));
    for (int64_t at = 0; at < p->n[0]; at += INT32_MAX / 2) {
        int64_t count = p->n[0] - at < INT32_MAX / 2 ? p->n[0] - at : INT32_MAX / 2;
        FD_TRY(fd_comm_reduce_i64(p->comm, p->row_count + at, (int)count, FD_COMBINE_SUM));
    }
    r->start = p->row_count;
    int64_t sum = 0;
    for (int64_t i = 0; i <= p->n[0]; i++) {
        const int64_t count = i < p->n[0] ? r->start[i] : 0;
        r->start[i] = sum;
        sum += count;
    }
done:
    return err;
}

static fd_error *add_datasets(const rows *r)
{
    const fd_pairing *p = r->pairing;
    const int64_t m = p->n[0], all = r->start[m];
    const char *unit = fd_metric_at((int)p->metric)->unit;
    const fd_attribute indptr[] = {{"meaning", "pairs of row i are places indptr[i] to indptr[i + 1] - 1 of index and distance (compressed rows)"}};
    const char *meaning = p->metric == FD_INNER ? "rows whose inner product is the radius or more, ascending" : "rows nearer than the radius, ascending";
    const fd_attribute index[] = {{"meaning", meaning}, {"radius", p->limit}};
    const fd_attribute distance[] = {{"meaning", "their distances"}, {"unit", unit}};
    const fd_column columns[] = {
        {.path = "/distances/radius/indptr", .type = FD_COL_I64, .rank = 1, .dim = {m + 1}, .data = r->start, .attributes = indptr, .n_attributes = 1},
        {.path = "/distances/radius/index", .type = FD_COL_I64, .rank = 1, .dim = {all}, .attributes = index, .n_attributes = 2},
        {.path = "/distances/radius/distance", .type = FD_COL_F32, .rank = 1, .dim = {all}, .attributes = distance, .n_attributes = 2},
    };
    return fd_result_add(p->temporary, columns, 3);
}

static fd_error *write_chunk(rows *r, int64_t first, int64_t n)
{
    fd_error *err = NULL;
    fd_pairs_sort(r->all, (size_t)n);
    FD_TRY(fd_alloc(&r->index, (size_t)n, sizeof *r->index));
    FD_TRY(fd_alloc(&r->distance, (size_t)n, sizeof *r->distance));
    for (int64_t k = 0; k < n; k++) {
        r->index[k] = r->all[k].j;
        r->distance[k] = r->all[k].distance;
    }
    const int step = fd_watch_begin(r->pairing->watch, FD_STAGE_WRITE, r->pairing->temporary, n * (int64_t)(sizeof *r->index + sizeof *r->distance));
    err = fd_result_write_rows(r->writer, "/distances/radius/index", first, n, r->index);
    if (!err)
        err = fd_result_write_rows(r->writer, "/distances/radius/distance", first, n, r->distance);
    fd_watch_end(r->pairing->watch, step);
done:
    free(r->index);
    free(r->distance);
    r->index = NULL;
    r->distance = NULL;
    return err;
}

/* This rank's pairs of rows below `end`, and all ranks' on the root. */
static fd_error *gather_chunk(rows *r, int64_t end, int root, int64_t n)
{
    fd_error *err = NULL, *own = NULL;
    fd_pairing *p = r->pairing;
    const int rank = fd_comm_rank(p->comm);
    r->n = 0;
    for (int t = 0; t < p->spills && !own; t++)
        own = fd_spill_take(p->spill[t], end, &r->own, &r->n, &r->capacity);
    if (rank == root && !own)
        own = fd_alloc_aligned(&r->all, (size_t)n, sizeof *r->all);
    FD_TRY(fd_comm_agree(p->comm, own));
    int64_t bytes = (int64_t)(r->n * sizeof *r->own);
    FD_TRY(fd_comm_all_gather_fixed(p->comm, &bytes, r->counts, sizeof bytes));
    FD_TRY(fd_comm_gather(p->comm, r->own, r->all, r->counts, root));
done:
    return err;
}

static fd_error *collect(rows *r)
{
    fd_error *err = NULL;
    const fd_pairing *p = r->pairing;
    int64_t first = 0;
    for (int chunk = 0; first < p->n[0]; chunk++) {
        const int root = chunk % fd_comm_ranks(p->comm);
        int64_t end = first + 1;
        while (end < p->n[0] && r->start[end + 1] - r->start[first] <= CHUNK)
            end++;
        const int64_t n = r->start[end] - r->start[first];
        FD_TRY(gather_chunk(r, end, root, n));
        fd_error *own = fd_comm_rank(p->comm) == root ? write_chunk(r, r->start[first], n) : NULL;
        free(r->all);
        r->all = NULL;
        FD_TRY(fd_comm_agree(p->comm, own));
        first = end;
    }
done:
    return err;
}

fd_error *fd_pairing_write_radius(fd_pairing *p)
{
    fd_error *err = NULL;
    rows r = {.pairing = p};
    FD_TRY(fd_comm_agree(p->comm, fd_alloc(&r.counts, (size_t)fd_comm_ranks(p->comm), sizeof *r.counts)));
    FD_TRY(find_starts(&r));
    FD_TRY(fd_comm_agree(p->comm, fd_comm_rank(p->comm) == 0 ? add_datasets(&r) : NULL));
    FD_TRY(fd_comm_agree(p->comm, fd_result_writer_open(p->temporary, &r.writer)));
    FD_TRY(collect(&r));
    fd_error *own = fd_result_writer_close(r.writer);
    r.writer = NULL;
    FD_TRY(fd_comm_agree(p->comm, own));
done:
    fd_error_free(fd_result_writer_close(r.writer));
    free(r.own);
    free(r.all);
    free(r.counts);
    return err;
}
