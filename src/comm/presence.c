/* Who is missing from a collective: a rank that has waited for a while tells all others so; when time is up, those who did not are the stuck
 * ones. Costs nothing while nobody waits long. */
#include "comm/comm_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

enum { TAG_WAITING = 1, NAMED = 8 };

/* After this much of the time-out a rank says that it waits; the rest is time for the messages, and for ranks a little later than this one. */
static const double ANNOUNCE_AFTER = 0.5;
fd_error *fd_presence_open(fd_comm *c)
{
    fd_error *err = NULL;
    FD_TRY(fd_alloc(&c->seen, (size_t)c->ranks, sizeof *c->seen));
    FD_TRY(fd_alloc(&c->hosts, (size_t)c->ranks, sizeof *c->hosts));
    FD_TRY(fd_alloc(&c->sent, (size_t)c->ranks, sizeof *c->sent));
    for (int r = 0; r < c->ranks; r++)
        c->sent[r] = MPI_REQUEST_NULL;
    FD_TRY(fd_mpi_error(c, MPI_Allgather(c->host, sizeof c->host, MPI_CHAR, c->hosts, sizeof c->host, MPI_CHAR, c->work), "names of the hosts"));
done:
    return err;
}

void fd_presence_close(fd_comm *c)
{
    free(c->seen);
    free(c->hosts);
    free(c->sent);
}

/* Takes in what other ranks have said. Presence only helps a message along: its own failures are nobody's concern. */
static void listen(fd_comm *c)
{
    for (int there = 1; there;) {
        MPI_Status status;
        int64_t collective;
        if (MPI_Iprobe(MPI_ANY_SOURCE, TAG_WAITING, c->last, &there, &status) != MPI_SUCCESS || !there)
            return;
        if (MPI_Recv(&collective, 1, MPI_INT64_T, status.MPI_SOURCE, TAG_WAITING, c->last, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            return;
        c->seen[status.MPI_SOURCE] = collective;
    }
}

void fd_presence_announce(fd_comm *c, double waited)
{
    int sent = 0;
    if (c->ranks == 1 || c->timeout <= 0 || waited < ANNOUNCE_AFTER * c->timeout)
        return;
    listen(c);   /* messages move only while somebody asks for them */
    if (c->seen[c->rank] == c->collective)
        return;
    c->seen[c->rank] = c->collective;
    if (MPI_Testall(c->ranks, c->sent, &sent, MPI_STATUSES_IGNORE) != MPI_SUCCESS || !sent)
        return;   /* somebody has not even taken the last one */
    c->announced = c->collective;
    for (int r = 0; r < c->ranks; r++)
        if (r != c->rank && MPI_Isend(&c->announced, 1, MPI_INT64_T, r, TAG_WAITING, c->last, &c->sent[r]) != MPI_SUCCESS)
            return;
}

fd_error *fd_presence_missing(fd_comm *c, const char *what, double waited)
{
    char names[NAMED * (sizeof *c->hosts + 32)] = "";
    size_t used = 0;
    int missing = 0, lowest = c->rank;
    if (c->collective == 0)
        return FD_FAIL(FD_COMM, "rank %d (%s): the other ranks did not end within %.0f s", c->rank, c->host, waited);
    if (c->ranks == 1)
        return FD_FAIL(FD_COMM, "rank 0 (%s) has waited %.0f s in a %s", c->host, waited, what);
    listen(c);
    for (int r = c->ranks - 1; r >= 0; r--)
        lowest = c->seen[r] >= c->collective ? r : lowest;
    for (int r = 0; r < c->ranks; r++)
        if (c->seen[r] < c->collective && missing++ < NAMED)
            used += (size_t)snprintf(names + used, sizeof names - used, "%srank %d (%s)", used ? ", " : "", r, c->hosts[r]);
    if (c->rank != lowest)
        fd_sleep(c->lead);
    if (!missing)
        snprintf(names, sizeof names, "the others wait as well: the network has lost a message");
    return FD_FAIL(FD_COMM, "rank %d (%s) has waited %.0f s in a %s; missing: %s%s", c->rank, c->host, waited, what, names,
                   missing > NAMED ? ", and more" : "");
}
