/* NCCL over MPI, for tests: non-blocking communicators that take a few questions to settle, and what goes wrong with them.
 * FACESDIST_EMU_NCCL=WHAT:WHERE:RANK - hang (for ever, but answering), error (of the communicator), stop (SIGSTOP) or die (SIGKILL) in
 * start, gather or finish, on that rank; hang:abort:RANK - its abort does not come back; version:CODE:RANK - another library than the plugin
 * was built with; memory - none on the GPU. Several with commas between them. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "standin.h"

enum { QUESTIONS = 3 };   /* that a call stays in progress for */

struct ncclComm {
    int rank, ranks;
    MPI_Comm comm;
    MPI_Request request;   /* of start */
    int questions;         /* left until the last call has settled */
    bool hangs, fails;
};

static int grouped;

/* Whether this is to go wrong, here and now, in that way. */
static bool injected(const char *what, const char *where, int rank)
{
    const char *wanted = getenv("FACESDIST_EMU_NCCL");
    char asked[64], all[256];
    snprintf(asked, sizeof asked, ",%s:%s:%d,", what, where, rank);
    snprintf(all, sizeof all, ",%s,", wanted ? wanted : "");
    return strstr(all, asked) != NULL;
}

static ncclResult_t begin(ncclComm_t c, const char *where)
{
    if (injected("die", where, c->rank))
        raise(SIGKILL);
    if (injected("stop", where, c->rank))
        raise(SIGSTOP);
    c->hangs = c->hangs || injected("hang", where, c->rank);
    c->fails = c->fails || injected("error", where, c->rank);
    c->questions = QUESTIONS;
    standin_unsettled = 1;
    return ncclInProgress;
}

ncclResult_t ncclGetVersion(int *version)
{
    const char *fake = getenv("FACESDIST_EMU_NCCL"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    int code = 0, where = 0;
    *version = NCCL_VERSION_CODE;
    if (fake && sscanf(fake, "version:%d:%d", &code, &where) == 2 && where == (rank ? atoi(rank) : 0))
        *version = code;
    return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    memset(id, 0x77, sizeof *id);
    return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t *out, int ranks, ncclUniqueId id, int rank, ncclConfig_t *config)
{
    ncclComm_t c = calloc(1, sizeof *c);
    if (!c || config->blocking || id.internal[0] != 0x77 || id.internal[sizeof id - 1] != 0x77)
        return free(c), ncclInvalidArgument;
    *c = (struct ncclComm){.rank = rank, .ranks = ranks, .comm = MPI_COMM_NULL, .request = MPI_REQUEST_NULL};
    *out = c;
    begin(c, "start");
    if (ranks > 1 && !c->hangs && MPI_Comm_idup(MPI_COMM_WORLD, &c->comm, &c->request) != MPI_SUCCESS)
        return ncclSystemError;
    return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t c, ncclResult_t *state)
{
    int started = 1;
    if (c->request != MPI_REQUEST_NULL)
        MPI_Test(&c->request, &started, MPI_STATUS_IGNORE);
    if (c->questions)
        c->questions--;
    const bool waits = c->questions || !started || c->hangs;
    *state = waits ? ncclInProgress : c->fails ? ncclSystemError : ncclSuccess;
    if (!waits)
        standin_unsettled = 0;
    return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t c)
{
    return standin_unsettled ? ncclInvalidUsage : begin(c, "finish");
}

ncclResult_t ncclCommDestroy(ncclComm_t c)
{
    if (standin_unsettled)
        return ncclInvalidUsage;
    if (c->comm != MPI_COMM_NULL)
        MPI_Comm_free(&c->comm);
    free(c);
    return ncclSuccess;
}

/* By a thread of its own: not for MPI. */
ncclResult_t ncclCommAbort(ncclComm_t c)
{
    while (injected("hang", "abort", c->rank))
        pause();
    standin_unsettled = 0;
    free(c);
    return ncclSuccess;
}

typedef struct collective { ncclComm_t comm; void *to; size_t n; int root; MPI_Request request; bool begun; } collective;

/* root -1: an all-gather in place. */
static bool perform(void *self)
{
    collective *w = self;
    int through = 1, code = MPI_SUCCESS;
    if (w->comm->ranks == 1)
        return true;
    if (w->comm->hangs)
        return false;
    if (!w->begun)
        code = w->root < 0 ? MPI_Iallgather(MPI_IN_PLACE, 0, MPI_BYTE, w->to, (int)w->n, MPI_BYTE, w->comm->comm, &w->request)
                           : MPI_Ibcast(w->to, (int)w->n, MPI_BYTE, w->root, w->comm->comm, &w->request);
    w->begun = true;
    if (code == MPI_SUCCESS)
        code = MPI_Test(&w->request, &through, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS)
        abort();
    return through;
}

static ncclResult_t queue(const collective *w, cudaStream_t s)
{
    if (standin_unsettled && !grouped)
        return ncclInvalidUsage;
    collective *kept = malloc(sizeof *kept);
    if (!kept)
        return ncclSystemError;
    *kept = *w;
    standin_queue(s, perform, kept);
    return begin(w->comm, "gather");
}

ncclResult_t ncclAllGather(const void *from, void *to, size_t n, ncclDataType_t type, ncclComm_t c, cudaStream_t s)
{
    if (type != ncclUint8 || from != (char *)to + n * (size_t)c->rank)
        return ncclInvalidArgument;
    return queue(&(collective){.comm = c, .to = to, .n = n, .root = -1}, s);
}

ncclResult_t ncclBroadcast(const void *from, void *to, size_t n, ncclDataType_t type, int root, ncclComm_t c, cudaStream_t s)
{
    if (type != ncclUint8 || from != to || root < 0 || root >= c->ranks || !grouped)
        return ncclInvalidArgument;
    return queue(&(collective){.comm = c, .to = to, .n = n, .root = root}, s);
}

ncclResult_t ncclGroupStart(void)
{
    grouped++;
    return ncclSuccess;
}

ncclResult_t ncclGroupEnd(void)
{
    grouped--;
    return ncclInProgress;
}

const char *ncclGetErrorString(ncclResult_t result)
{
    return result == ncclSystemError ? "unhandled system error" : result == ncclInvalidUsage ? "invalid usage" : "an error of the stand-in";
}

const char *ncclGetLastError(ncclComm_t c)
{
    return c && c->fails ? "injected" : "";
}
