#include "run/apart.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "run/signals.h"

/* Whether this process has more than one thread, or it cannot be told. */
static bool has_threads(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (const struct dirent *d; tasks && (d = readdir(tasks));)
        n += d->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    return n != 1;
}

/* "a.h5", or "a.h5 or b.h5". */
static const char *names(char *out, size_t size, const char *const file[2])
{
    char name[FD_ESCAPED], other[FD_ESCAPED];
    snprintf(out, size, "%s%s%s", fd_escape(name, sizeof name, file[0]), file[1] ? " or " : "", file[1] ? fd_escape(other, sizeof other, file[1]) : "");
    return out;
}

/* --- the child ----------------------------------------------------------------------------------------------------------------------- */

/* It ends with its parent (a lock that both have open would outlive a rank that is killed), ends at once when it is asked to, and leaves no core: what
 * it dies of is in the file. */
static void begin(pid_t parent)
{
    const struct rlimit no_core = {0, 0};
    fd_signals_leave();
    setrlimit(RLIMIT_CORE, &no_core);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
}

/* --- the parent ---------------------------------------------------------------------------------------------------------------------- */

typedef struct child {
    pid_t process;
    bool of_threads;    /* its parent has some */
    double patience;    /* processor seconds */
    double since;       /* processor seconds of the child when `moved` was read */
    long long moved;    /* bytes that it had read and written by then */
} child;

static double patience_for(const char *const file[2])
{
    struct stat facts;
    double bytes = 0;
    for (int i = 0; i < 2; i++)
        bytes += file[i] && stat(file[i], &facts) == 0 ? (double)facts.st_size : 0;
    return FD_APART_PATIENCE + FD_APART_PATIENCE_PER_MB * bytes / 1e6;
}

static double processor_seconds(pid_t process)
{
    clockid_t clock;
    struct timespec t;
    return clock_getcpuclockid(process, &clock) == 0 && clock_gettime(clock, &t) == 0 ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec : 0;
}

/* Bytes read and written so far, from wherever; -1: this kernel does not count them. */
static long long bytes_moved(pid_t process)
{
    char path[64];
    long long in = -1, out = 0;
    snprintf(path, sizeof path, "/proc/%ld/io", (long)process);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "rchar: %lld wchar: %lld", &in, &out) != 2)
        in = -1;
    if (f)
        fclose(f);
    return in < 0 ? -1 : in + out;
}

/* Whether it has computed for longer than anything takes without reading or writing a byte. Where bytes are not counted, never. */
static bool is_lost(child *c)
{
    const double now = processor_seconds(c->process);
    if (now <= c->since + c->patience)
        return false;
    const long long moved = bytes_moved(c->process);
    const bool lost = moved >= 0 && moved == c->moved;
    c->since = now;
    c->moved = moved;
    return lost;
}

/* Whether it waits for a lock: it has one thread, so that nobody will ever let go of it. Another thread of this process held it at the fork (the C library's
 * own locks are safe there, those of others, as of AddressSanitizer's allocator, need not be). */
static bool is_locked_out(pid_t process)
{
    char path[64];
    long number = -1;
    snprintf(path, sizeof path, "/proc/%ld/syscall", (long)process);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%ld", &number) != 1)   /* "running" */
        number = -1;
    if (f)
        fclose(f);
    return number == SYS_futex;
}

typedef enum verdict { ENDED, LOST, STOPPED, LOCKED_OUT } verdict;

/* Waits in naps, for a signal that is caught does not end a wait. */
static fd_error *wait_for(child *c, int *status, verdict *out)
{
    static const double LONGEST_NAP = 10e-3;
    int locked = 0;   /* naps in which it was */
    *out = ENDED;
    for (double nap = 100e-6;; nap = 2 * nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP) {
        const pid_t ended = waitpid(c->process, status, *out == ENDED ? WNOHANG : 0);
        if (ended == c->process)
            return NULL;
        if (ended < 0 && errno != EINTR)
            return FD_FAIL(FD_IO, "lost a process: %s", strerror(errno));
        if (fd_signals_seen())
            *out = STOPPED;
        else if (is_lost(c))
            *out = LOST;
        else if (c->of_threads && nap >= LONGEST_NAP && (locked = is_locked_out(c->process) ? locked + 1 : 0) > 100)
            *out = LOCKED_OUT;
        if (*out == ENDED)
            fd_sleep(nap);
        else
            kill(c->process, SIGKILL);
    }
}

static bool is_crash(int number)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (crashes[i] == number)
            return true;
    return false;
}

static fd_error *judge(const child *c, int status, verdict v, const char *const file[2])
{
    char name[2 * FD_ESCAPED + 8];
    names(name, sizeof name, file);
    if (v == STOPPED)
        return FD_FAIL(FD_INTERRUPTED, "interrupted");
    if (v == LOST)
        return FD_FAIL(FD_FORMAT, "%s: a damaged HDF5 file: its reader computed for %.0f s without reading on", name, c->patience);
    if (!WIFSIGNALED(status))
        return NULL;
    if (is_crash(WTERMSIG(status)))
        return FD_FAIL(FD_FORMAT, "%s: a damaged HDF5 file: its reader died of signal %d (%s)", name, WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WTERMSIG(status) == SIGKILL)
        return FD_FAIL(FD_NOMEM, "%s: its reader was killed, as is done when memory is out", name);
    return FD_FAIL(FD_INTERRUPTED, "%s: its reader was stopped by signal %d (%s)", name, WTERMSIG(status), strsignal(WTERMSIG(status)));
}

fd_error *fd_apart(const char *const file[2], int (*work)(void *self), void *self, int *exit_code)
{
    fd_error *err = NULL;
    int status = 0;
    verdict v;
    const bool threads = has_threads();
    const pid_t parent = getpid();
    child c = {.of_threads = threads, .patience = patience_for(file)};
    fflush(NULL);
again:   /* from here where the child was locked out */
    c.process = fork();
    if (c.process < 0)
        return FD_FAIL(FD_NOMEM, "cannot start a process: %s", strerror(errno));
    if (c.process == 0) {
        begin(parent);
        int code = work(self);
        if (!threads)
            exit(code);
        fflush(NULL);   /* what libraries do at exit may wait for their threads, which the child has not, or end the parent's MPI */
        _exit(code);
    }
    FD_TRY(wait_for(&c, &status, &v));
    if (v == LOCKED_OUT)
        goto again;
    FD_TRY(judge(&c, status, v, file));
    *exit_code = WEXITSTATUS(status);
done:
    return err;
}

typedef struct rehearsal { fd_error *(*read)(void *self); void *self; } rehearsal;

static int rehearse(void *self)
{
    const rehearsal *r = self;
    fd_log_set_level(FD_QUIET);
    fd_error_free(r->read(r->self));
    _exit(EXIT_SUCCESS);   /* whatever threads there are: MPI must not meet this process */
}

fd_error *fd_apart_rehearse(const char *file, fd_error *(*read)(void *self), void *self)
{
    int exit_code = 0;
    return fd_apart((const char *const[2]){file, NULL}, rehearse, &(rehearsal){read, self}, &exit_code);
}
