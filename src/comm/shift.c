/* A block to one neighbour and a block from another, in the background: data moves while somebody polls. */
#include "comm/comm_private.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

struct fd_comm_shift {
    fd_comm *comm;
    MPI_Request *request;   /* [n] one per piece and direction */
    int n;
};

static fd_error *start(fd_comm_shift *s, void *bytes, int64_t n, int peer, bool send)
{
    fd_error *err = NULL;
    fd_comm *c = s->comm;
    for (int64_t at = 0; at < n && !err; at += c->piece) {
        const int now = (int)(n - at < c->piece ? n - at : c->piece);
        char *place = (char *)bytes + at;
        MPI_Request *request = &s->request[s->n];
        const int code = send ? MPI_Isend(place, now, MPI_BYTE, peer, 1, c->work, request) : MPI_Irecv(place, now, MPI_BYTE, peer, 1, c->work, request);
        err = fd_mpi_error(c, code, "exchange with a neighbour");
        s->n += !err;
    }
    return err;
}

fd_error *fd_comm_shift_begin(fd_comm *c, const fd_comm_parcel *send, const fd_comm_parcel *receive, fd_comm_shift **out)
{
    fd_error *err = NULL;
    fd_comm_shift *s = NULL;
    const int64_t pieces = send->n / c->piece + receive->n / c->piece + 2;
    FD_TRY(fd_alloc(&s, 1, sizeof *s));
    s->comm = c;
    FD_TRY(fd_alloc(&s->request, (size_t)pieces, sizeof(MPI_Request)));
    if (send->peer == c->rank) {
        assert(receive->peer == c->rank && receive->n == send->n);
        memcpy(receive->bytes, send->bytes, (size_t)send->n);
    } else {
        FD_TRY(start(s, receive->bytes, receive->n, receive->peer, false));
        FD_TRY(start(s, send->bytes, send->n, send->peer, true));
    }
    *out = s;
    return NULL;
done:
    if (s)
        free(s->request);
    free(s);
    return err;
}

fd_error *fd_comm_shift_poll(fd_comm_shift *s, bool *done)
{
    int all = 1;
    fd_error *err = s->n ? fd_mpi_error(s->comm, MPI_Testall(s->n, s->request, &all, MPI_STATUSES_IGNORE), "exchange with a neighbour") : NULL;
    *done = all && !err;
    return err;
}

fd_error *fd_comm_shift_end(fd_comm_shift *s)
{
    fd_error *err = NULL;
    fd_comm *c = s->comm;
    fd_wait_clock clock = {fd_now(), 0};
    for (bool done = false; !done && !err;) {
        err = fd_comm_shift_poll(s, &done);
        const double waited = fd_waited(&clock);
        if (!done && !err && c->timeout > 0 && waited > c->timeout) {
            c->broken = true;
            err = FD_FAIL(FD_COMM, "rank %d (%s): exchange with a neighbour: it did not answer for %.0f s", c->rank, c->host, waited);
        }
        if (!done)
            waited > 0.01 ? fd_sleep(1e-4) : (void)sched_yield();
    }
    if (!err) {   /* else MPI may still write to them */
        free(s->request);
        free(s);
    }
    return err;
}
