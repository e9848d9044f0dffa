/* Ranks: MPI, and NCCL for bulk data (nccl.h), behind one interface. Counts are 64 bits; messages over 1 GiB are split. Every collective waits by
 * polling with short sleeps (idle ranks do not spin) and gives up after `timeout` seconds with FD_COMM. Without mpirun: one rank. */
#ifndef FD_COMM_COMM_H
#define FD_COMM_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct fd_comm fd_comm;

/* True when a launcher (mpirun, srun, mpiexec) started this process; else it is alone, and MPI is not started at all. */
bool fd_comm_launched(void);
/* The rank that the launcher told this process, before comm is open; 0 when alone. */
int fd_comm_launch_rank(void);

/* MPI_Init_thread (FUNNELED: only the opening thread calls comm). One per process. Several tasks that each find themselves alone: FD_COMM. */
fd_error *fd_comm_open(fd_comm **out) FD_CHECK;
void fd_comm_close(fd_comm *c);                 /* MPI_Finalize, by all ranks; NULL is allowed */
/* Ends all ranks at once with this exit code; does not return; any thread may call it. For the way out of main after an error that others may not know of. */
void fd_comm_abort(fd_comm *c, int exit_code) __attribute__((noreturn));

int fd_comm_rank(const fd_comm *c);
int fd_comm_ranks(const fd_comm *c);
int fd_comm_local_rank(const fd_comm *c);       /* among the ranks of this host */
int fd_comm_local_ranks(const fd_comm *c);
const char *fd_comm_host(const fd_comm *c);
const char *fd_comm_library(const fd_comm *c);  /* "Open MPI 4.1.4" */
void fd_comm_library_name(char *out, size_t size);   /* the same before there is a comm */
void fd_comm_set_timeout(fd_comm *c, double seconds);   /* 0: none. After a time-out or another FD_COMM only fd_comm_abort is left. */

/* All ranks agree that all is well: each passes its own error or NULL (taken over); returns NULL when all were, else an error on every rank: its
 * own where it had one, or "rank 3 (node7): message" with the code of the worst. Before every collective that a failed rank would not reach. */
fd_error *fd_comm_agree(fd_comm *c, fd_error *own) FD_CHECK;

typedef enum fd_combine { FD_COMBINE_SUM, FD_COMBINE_MIN, FD_COMBINE_MAX } fd_combine;
fd_error *fd_comm_reduce_i64(fd_comm *c, int64_t *values, int n, fd_combine how) FD_CHECK;    /* in place, on all ranks */
fd_error *fd_comm_reduce_f64(fd_comm *c, double *values, int n, fd_combine how) FD_CHECK;
fd_error *fd_comm_broadcast(fd_comm *c, void *bytes, int64_t n, int root) FD_CHECK;           /* n the same on all */
/* A buffer of rank root for all: others receive *bytes allocated; free(*bytes) on every rank but root. */
fd_error *fd_comm_broadcast_buffer(fd_comm *c, uint8_t **bytes, int64_t *n, int root) FD_CHECK;
/* counts[r] bytes from each rank r, concatenated by rank, on all ranks (counts known to all). `own` may lie inside `all` at its place. */
fd_error *fd_comm_all_gather(fd_comm *c, const void *own, void *all, const int64_t *counts) FD_CHECK;
/* The same on root only; `all` may be NULL elsewhere. */
fd_error *fd_comm_gather(fd_comm *c, const void *own, void *all, const int64_t *counts, int root) FD_CHECK;
/* Each rank's n fixed-size bytes to all: all[ranks][n]. */
fd_error *fd_comm_all_gather_fixed(fd_comm *c, const void *own, void *all, int64_t n) FD_CHECK;
fd_error *fd_comm_barrier(fd_comm *c) FD_CHECK;

/* One parcel to a neighbour and one from another, in the background: data moves only while somebody polls, and the buffers stay until the end. All
 * ranks begin and end their shifts in the same order, no collective in between; by the opening thread. */
typedef struct fd_comm_parcel { void *bytes; int64_t n; int peer; } fd_comm_parcel;
typedef struct fd_comm_shift fd_comm_shift;
fd_error *fd_comm_shift_begin(fd_comm *c, const fd_comm_parcel *send, const fd_comm_parcel *receive, fd_comm_shift **out) FD_CHECK;
fd_error *fd_comm_shift_poll(fd_comm_shift *s, bool *done) FD_CHECK;   /* does not wait */
fd_error *fd_comm_shift_end(fd_comm_shift *s) FD_CHECK;                /* waits, and frees it */

/* The last meeting: each value becomes the largest of all ranks. Apart from all other collectives, so that a rank which failed alone meets only
 * those that are through as well; FD_COMM when some are not within `seconds` (0: waits). */
fd_error *fd_comm_settle(fd_comm *c, int64_t *values, int n, double seconds) FD_CHECK;

#endif
