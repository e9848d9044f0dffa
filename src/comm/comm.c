#include "comm/comm_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* Variables by which a launcher tells a process its rank and the number that it started. The first that is set decides: the daemons of an mpirun
 * inside Slurm run in a step of their own, whose numbers its ranks inherit. */
static const char *const told_ranks[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
static const char *const told_counts[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS" /* last: of a real step only */};

static int first_told(const char *const names[], int n, int otherwise)
{
    for (int i = 0; i < n; i++) {
        const char *text = getenv(names[i]);
        if (text)
            return (int)strtol(text, NULL, 10);
    }
    return otherwise;
}

/* Slurm numbers a job's script, its interactive shell and its keeper as steps too, from here on; what is started in them is started by no launcher. */
static bool in_real_step(void)
{
    static const unsigned long first_special = 0xfffffff0;
    const char *step = getenv("SLURM_STEP_ID");
    char *end;
    if (!step)
        return true;
    const unsigned long number = strtoul(step, &end, 10);
    return end != step && !*end && number < first_special;   /* newer ones say "batch", "interactive" */
}

static int told_count(void)
{
    return first_told(told_counts, in_real_step() ? 3 : 2, 1);
}

/* Started in a way that an MPI library can find its peers by: Open MPI's own, PMIx or PMI. */
static bool has_peers(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_RANK") || getenv("PMI_FD");
}

bool fd_comm_launched(void)
{
    return has_peers() || told_count() > 1;
}

int fd_comm_launch_rank(void)
{
    return fd_comm_launched() ? first_told(told_ranks, 4, 0) : 0;
}

/* Of "Open MPI v4.1.4, package: ..." the first words, and a version without its v. */
void fd_comm_library_name(char *out, size_t size)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int n;
    if (MPI_Get_library_version(text, &n) != MPI_SUCCESS)
        strcpy(text, "MPI");
    text[strcspn(text, ",\r\n")] = 0;
    char *version = strstr(text, " v");
    if (version && version[2] >= '0' && version[2] <= '9')
        memmove(version + 1, version + 2, strlen(version + 2) + 1);
    snprintf(out, size, "%s", text);
}

/* A launcher whose protocol this MPI does not speak starts N processes that each believe to be alone, and to own the output. */
static fd_error *refuse_singleton(const fd_comm *c)
{
    int tasks = told_count();
    if (tasks <= 1 || c->ranks > 1)
        return NULL;
    return FD_FAIL(FD_COMM, "%d tasks were launched, but each finds itself alone: the launcher and %s do not know each other; use the mpirun of "
                            "that MPI, or srun --mpi=pmix", tasks, c->library);
}

static fd_error *start_mpi(fd_comm *c)
{
    fd_error *err = NULL;
    int provided;
    MPI_Comm local;
    FD_TRY(fd_mpi_error(c, MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "start of MPI"));
    if (provided < MPI_THREAD_FUNNELED)
        FD_THROW(FD_UNSUPPORTED, "%s was built without threads", c->library);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);   /* inherited by the communicators made of it */
    FD_TRY(fd_mpi_error(c, MPI_Comm_rank(MPI_COMM_WORLD, &c->rank), "rank"));
    FD_TRY(fd_mpi_error(c, MPI_Comm_size(MPI_COMM_WORLD, &c->ranks), "number of ranks"));
    FD_TRY(fd_mpi_error(c, MPI_Comm_dup(MPI_COMM_WORLD, &c->work), "copy of the communicator"));
    FD_TRY(fd_mpi_error(c, MPI_Comm_dup(MPI_COMM_WORLD, &c->last), "copy of the communicator"));
    FD_TRY(fd_mpi_error(c, MPI_Comm_split_type(c->work, MPI_COMM_TYPE_SHARED, c->rank, MPI_INFO_NULL, &local), "ranks of a host"));
    FD_TRY(fd_mpi_error(c, MPI_Comm_rank(local, &c->local_rank), "rank on the host"));
    FD_TRY(fd_mpi_error(c, MPI_Comm_size(local, &c->local_ranks), "ranks on the host"));
    FD_TRY(fd_mpi_error(c, MPI_Comm_free(&local), "ranks of a host"));
    FD_TRY(fd_presence_open(c));
done:
    return err;
}

fd_error *fd_comm_open(fd_comm **out)
{
    fd_error *err = NULL;
    fd_comm *c = NULL;
    FD_TRY(fd_alloc(&c, 1, sizeof *c));
    *c = (fd_comm){.launched = has_peers(), .ranks = 1, .local_ranks = 1, .lead = 15, .piece = FD_PIECE, .collective = 1, .work = MPI_COMM_NULL, .last = MPI_COMM_NULL};
    if (gethostname(c->host, sizeof c->host - 1))
        strcpy(c->host, "unknown host");
    fd_comm_library_name(c->library, sizeof c->library);
    if (has_peers())
        FD_TRY(start_mpi(c));
    FD_TRY(refuse_singleton(c));
    *out = c;
    c = NULL;
done:
    fd_comm_close(c);
    return err;
}

void fd_comm_close(fd_comm *c)
{
    int started = 0, ended = 0;
    if (!c)
        return;
    if (!c->broken)
        fd_error_free(fd_comm_part(c));   /* all ranks are here: those that were not have ended the job */
    fd_nccl_close(c->nccl);
    MPI_Initialized(&started);
    MPI_Finalized(&ended);
    if (started && !ended && !c->broken) {
        if (c->work != MPI_COMM_NULL)
            MPI_Comm_free(&c->work);
        if (c->last != MPI_COMM_NULL)
            MPI_Comm_free(&c->last);
        MPI_Finalize();
    }
    fd_presence_close(c);
    free(c);
}

void fd_comm_abort(fd_comm *c, int exit_code)
{
    if (c && c->launched)
        MPI_Abort(MPI_COMM_WORLD, exit_code);
    _exit(exit_code);
}

int fd_comm_rank(const fd_comm *c)
{
    return c->rank;
}

int fd_comm_ranks(const fd_comm *c)
{
    return c->ranks;
}

int fd_comm_local_rank(const fd_comm *c)
{
    return c->local_rank;
}

int fd_comm_local_ranks(const fd_comm *c)
{
    return c->local_ranks;
}

const char *fd_comm_host(const fd_comm *c)
{
    return c->host;
}

const char *fd_comm_library(const fd_comm *c)
{
    return c->library;
}

void fd_comm_set_timeout(fd_comm *c, double seconds)
{
    c->timeout = seconds;
}

void fd_comm_set_piece(fd_comm *c, int64_t bytes)
{
    c->piece = bytes;
}
