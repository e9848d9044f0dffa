/* What the files of comm share: comm.c (start and end), wait.c (polling), presence.c (who is missing), collective.c, nccl.c
 * (the ranks' GPUs). The only room that knows mpi.h. */
#ifndef FD_COMM_COMM_PRIVATE_H
#define FD_COMM_COMM_PRIVATE_H

#include <mpi.h>

#include "comm/comm.h"
#include "comm/nccl.h"

struct fd_comm {
    bool launched;           /* by mpirun or the like; else MPI is not even started */
    bool broken;             /* a collective failed: the ranks are no longer in step, MPI_Finalize would hang */
    MPI_Comm work;           /* all collectives but the last */
    MPI_Comm last;           /* fd_comm_settle's own: meets ranks that are stuck in no or another collective */
    int rank, ranks, local_rank, local_ranks;
    double timeout;          /* seconds, 0: none */
    double lead;             /* seconds that higher ranks leave the lowest waiting one to report and to end the job, so that one message is seen and not N:
                              * more than a launcher on a busy machine needs to end them, which is when they learn of it */
    int64_t piece;           /* bytes of the largest message */
    char host[256], library[128];
    /* Presence: */
    int64_t collective;      /* number of the current one, the same on all ranks; 0: the last meeting, which is not watched */
    int64_t announced;       /* what is being sent */
    int64_t *seen;           /* [ranks] the collective in which a rank was last known to wait */
    char (*hosts)[256];      /* [ranks] */
    MPI_Request *sent;       /* [ranks] */
    fd_nccl *nccl;           /* NULL: bulk data crosses by MPI */
};

enum { FD_PIECE = 1 << 30 };

/* Messages of at most `bytes` (>= 8) from now on, on all ranks: lets a test split small buffers as large ones are. */
void fd_comm_set_piece(fd_comm *c, int64_t bytes);

/* `code` of an MPI call as an error, NULL for success. `what` names the collective. */
fd_error *fd_mpi_error(fd_comm *c, int code, const char *what) FD_CHECK;

/* Seconds that a rank has waited since `start`, at each poll; what it did not notice, for it was stopped, does not count: else a rank that
 * was stopped and goes on would call the others stuck. */
typedef struct fd_wait_clock { double start, last; } fd_wait_clock;
double fd_waited(fd_wait_clock *w);

/* Asks until the answer is done or an error; once the time-out has passed, the error of a stuck collective. `busy`: data moves only while we
 * poll, so do not sleep for long. */
typedef struct fd_polling { fd_error *(*poll)(void *self, bool *done); void *self; } fd_polling;
fd_error *fd_comm_poll(fd_comm *c, const fd_polling *p, const char *what, bool busy) FD_CHECK;

/* Waits for a request that `code` says was started. */
fd_error *fd_comm_wait(fd_comm *c, int code, MPI_Request *request, const char *what, bool busy) FD_CHECK;

/* MPI is started: room for what ranks say of themselves, and the names of their hosts. */
fd_error *fd_presence_open(fd_comm *c) FD_CHECK;
void fd_presence_close(fd_comm *c);
/* Tells the others, once in a collective, that this rank has waited long. */
void fd_presence_announce(fd_comm *c, double waited);
/* The error of a collective whose time is up: names the ranks that never said that they wait. */
fd_error *fd_presence_missing(fd_comm *c, const char *what, double waited) FD_CHECK;

#endif
