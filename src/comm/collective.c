/* Collectives of 64-bit sizes. What fits into one message is one call; more is cut into pieces. A lone rank only copies. */
#include "comm/comm_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { SMALL = 64 << 10 };   /* bytes that any MPI sends at once */

fd_error *fd_comm_barrier(fd_comm *c)
{
    MPI_Request request;
    c->collective++;
    return c->ranks == 1 ? NULL : fd_comm_wait(c, MPI_Ibarrier(c->work, &request), &request, "barrier", false);
}

/* Before a large transfer the ranks meet, sleeping; the transfer itself moves only while they poll, and then waits for nobody. */
static fd_error *meet(fd_comm *c, int64_t bytes, bool *busy)
{
    c->collective++;
    *busy = bytes > SMALL;
    return *busy ? fd_comm_barrier(c) : NULL;
}

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Element-wise over all ranks, in place. */
static fd_error *reduce(fd_comm *c, void *values, int n, MPI_Datatype type, fd_combine how, MPI_Comm among)
{
    MPI_Op op = how == FD_COMBINE_SUM ? MPI_SUM : how == FD_COMBINE_MIN ? MPI_MIN : MPI_MAX;
    fd_error *err = NULL;
    for (int64_t at = 0; at < n && !err && c->ranks > 1;) {
        MPI_Request request;
        int now = (int)min_of(n - at, c->piece / 8);
        int code = MPI_Iallreduce(MPI_IN_PLACE, (char *)values + 8 * at, now, type, op, among, &request);
        err = fd_comm_wait(c, code, &request, "reduction", false);
        at += now;
    }
    return err;
}

fd_error *fd_comm_reduce_i64(fd_comm *c, int64_t *values, int n, fd_combine how)
{
    c->collective++;
    return reduce(c, values, n, MPI_INT64_T, how, c->work);
}

fd_error *fd_comm_reduce_f64(fd_comm *c, double *values, int n, fd_combine how)
{
    c->collective++;
    return reduce(c, values, n, MPI_DOUBLE, how, c->work);
}

fd_error *fd_comm_settle(fd_comm *c, int64_t *values, int n, double seconds)
{
    double usual = c->timeout;
    int64_t collective = c->collective;
    c->timeout = seconds;
    c->collective = 0;
    fd_error *err = reduce(c, values, n, MPI_INT64_T, FD_COMBINE_MAX, c->last);
    c->timeout = usual;
    c->collective = collective;
    return err;
}

/* The ranks have met, or the message is small. */
static fd_error *broadcast_pieces(fd_comm *c, void *bytes, int64_t n, int root, const char *what, bool busy)
{
    fd_error *err = NULL;
    for (int64_t at = 0; at < n && !err;) {
        MPI_Request request;
        int now = (int)min_of(n - at, c->piece);
        int code = MPI_Ibcast((char *)bytes + at, now, MPI_BYTE, root, c->work, &request);
        err = fd_comm_wait(c, code, &request, what, busy);
        at += now;
    }
    return err;
}

fd_error *fd_comm_broadcast(fd_comm *c, void *bytes, int64_t n, int root)
{
    bool busy;
    assert(n >= 0 && root >= 0 && root < c->ranks);
    if (c->ranks == 1)
        return NULL;
    fd_error *err = meet(c, n, &busy);
    return err ? err : broadcast_pieces(c, bytes, n, root, "broadcast", busy);
}

fd_error *fd_comm_broadcast_buffer(fd_comm *c, uint8_t **bytes, int64_t *n, int root)
{
    fd_error *err = NULL;
    if (c->rank != root)
        *bytes = NULL;
    FD_TRY(fd_comm_broadcast(c, n, sizeof *n, root));
    FD_TRY(fd_comm_agree(c, c->rank == root ? NULL : fd_alloc(bytes, (size_t)*n, 1)));
    FD_TRY(fd_comm_broadcast(c, *bytes, *n, root));
    return NULL;
done:
    if (c->rank != root) {
        free(*bytes);
        *bytes = NULL;
    }
    return err;
}

static int64_t sum_of(const int64_t *counts, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        assert(counts[i] >= 0);
        sum += counts[i];
    }
    return sum;
}

/* int copies of counts and their places, for messages that fit into one piece: *out = [2][ranks], one free(). */
static fd_error *int_counts(const fd_comm *c, const int64_t *counts, int **out)
{
    fd_error *err = fd_alloc(out, 2 * (size_t)c->ranks, sizeof **out);
    for (int r = 0, at = 0; !err && r < c->ranks; r++) {
        (*out)[r] = (int)counts[r];
        (*out)[c->ranks + r] = at;
        at += (int)counts[r];
    }
    return err;
}

static fd_error *all_gather_at_once(fd_comm *c, void *all, const int64_t *counts, bool busy)
{
    fd_error *err = NULL;
    int *sizes = NULL;
    MPI_Request request;
    FD_TRY(int_counts(c, counts, &sizes));
    int code = MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all, sizes, sizes + c->ranks, MPI_BYTE, c->work, &request);
    FD_TRY(fd_comm_wait(c, code, &request, "all-gather", busy));
done:
    free(sizes);
    return err;
}

fd_error *fd_comm_all_gather(fd_comm *c, const void *own, void *all, const int64_t *counts)
{
    fd_error *err = NULL;
    bool busy;
    char *place = (char *)all + sum_of(counts, c->rank);
    int64_t total = sum_of(counts, c->ranks);
    if (counts[c->rank] > 0 && own != place)
        memmove(place, own, (size_t)counts[c->rank]);
    if (c->ranks == 1 || total == 0)
        return NULL;
    FD_TRY(meet(c, total, &busy));
    if (total <= c->piece)
        return all_gather_at_once(c, all, counts, busy);
    place = all;
    for (int r = 0; r < c->ranks; place += counts[r++])   /* places beyond 31 bits: each rank's part goes to all by itself */
        FD_TRY(broadcast_pieces(c, place, counts[r], r, "all-gather", busy));
done:
    return err;
}

static fd_error *gather_at_once(fd_comm *c, const void *own, void *all, const int64_t *counts, int root, bool busy)
{
    fd_error *err = NULL;
    int *sizes = NULL;
    MPI_Request request;
    FD_TRY(int_counts(c, counts, &sizes));
    const void *from = c->rank == root ? MPI_IN_PLACE : own;
    int code = MPI_Igatherv(from, (int)counts[c->rank], MPI_BYTE, all, sizes, sizes + c->ranks, MPI_BYTE, root, c->work, &request);
    FD_TRY(fd_comm_wait(c, code, &request, "gather", busy));
done:
    free(sizes);
    return err;
}

/* One rank's part to the root, piece by piece. `bytes`: where it lies on the sender, where it goes on the root. */
static fd_error *send_pieces(fd_comm *c, void *bytes, int64_t n, int from, int root)
{
    fd_error *err = NULL;
    if (from == root || (c->rank != from && c->rank != root))
        return NULL;
    for (int64_t at = 0; at < n && !err;) {
        MPI_Request request;
        int now = (int)min_of(n - at, c->piece);
        char *place = (char *)bytes + at;
        int code = c->rank == from ? MPI_Isend(place, now, MPI_BYTE, root, 0, c->work, &request)
                                   : MPI_Irecv(place, now, MPI_BYTE, from, 0, c->work, &request);
        err = fd_comm_wait(c, code, &request, "gather", true);
        at += now;
    }
    return err;
}

fd_error *fd_comm_gather(fd_comm *c, const void *own, void *all, const int64_t *counts, int root)
{
    fd_error *err = NULL;
    bool busy;
    int64_t total = sum_of(counts, c->ranks), n = counts[c->rank];
    char *place = all;
    if (c->rank == root && n > 0 && own != place + sum_of(counts, root))
        memmove(place + sum_of(counts, root), own, (size_t)n);
    if (c->ranks == 1 || total == 0)
        return NULL;
    FD_TRY(meet(c, total, &busy));
    if (total <= c->piece)
        return gather_at_once(c, own, all, counts, root, busy);
    for (int r = 0; r < c->ranks; r++) {
        void *bytes = c->rank == root ? place : NULL;
        if (c->rank == r)
            memcpy(&bytes, &own, sizeof bytes);   /* only read */
        FD_TRY(send_pieces(c, bytes, counts[r], r, root));
        if (c->rank == root)
            place += counts[r];
    }
done:
    return err;
}

fd_error *fd_comm_all_gather_fixed(fd_comm *c, const void *own, void *all, int64_t n)
{
    int64_t *counts;
    fd_error *err = fd_alloc(&counts, (size_t)c->ranks, sizeof *counts);
    if (err)
        return err;
    for (int r = 0; r < c->ranks; r++)
        counts[r] = n;
    err = fd_comm_all_gather(c, own, all, counts);
    free(counts);
    return err;
}
