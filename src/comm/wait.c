/* Waiting by polling: a blocking MPI call would spin on its core, and could not give up. */
#include "comm/comm_private.h"

#include <sched.h>

#include "base/clock.h"

static const double EAGER = 50e-6;       /* seconds: most waits are shorter than a sleep is worth */
static const double LONGEST_NAP = 1e-3;  /* seconds: what a rank that waits for a slower one may come late */

/* Seconds between two polls beyond which this rank itself was stopped, or got no core. */
static const double PAUSE = 0.5;

double fd_waited(fd_wait_clock *w)
{
    const double now = fd_now();
    if (w->last > 0 && now - w->last > PAUSE)
        w->start += now - w->last;
    w->last = now;
    return now - w->start;
}

fd_error *fd_mpi_error(fd_comm *c, int code, const char *what)
{
    char reason[MPI_MAX_ERROR_STRING];
    int n = 0;
    if (code == MPI_SUCCESS)
        return NULL;
    c->broken = true;
    if (MPI_Error_string(code, reason, &n) != MPI_SUCCESS)
        n = 0;
    return FD_FAIL(FD_COMM, "rank %d (%s): %s failed: %.*s", c->rank, c->host, what, n, reason);
}

fd_error *fd_comm_poll(fd_comm *c, const fd_polling *p, const char *what, bool busy)
{
    fd_wait_clock clock = {fd_now(), 0};
    double nap = 10e-6;
    bool done = false;
    fd_error *err = NULL;
    while (!err) {
        err = p->poll(p->self, &done);
        if (done || err)
            break;
        double waited = fd_waited(&clock);
        if (c->timeout > 0 && waited > c->timeout) {
            c->broken = true;
            return fd_presence_missing(c, what, waited);
        }
        fd_presence_announce(c, waited);
        if (waited < EAGER || busy) {
            sched_yield();
            continue;
        }
        fd_sleep(nap);
        nap = 2 * nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP;
    }
    return err;
}

typedef struct mpi_call { fd_comm *comm; MPI_Request *request; const char *what; } mpi_call;

static fd_error *test(void *self, bool *done)
{
    const mpi_call *m = self;
    int tested = 0;
    fd_error *err = fd_mpi_error(m->comm, MPI_Test(m->request, &tested, MPI_STATUS_IGNORE), m->what);
    *done = tested;
    return err;
}

fd_error *fd_comm_wait(fd_comm *c, int code, MPI_Request *request, const char *what, bool busy)
{
    fd_error *err = fd_mpi_error(c, code, what);
    return err ? err : fd_comm_poll(c, &(fd_polling){test, &(mpi_call){c, request, what}}, what, busy);
}
