#include "run/apart.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

/* Waits in naps, for a signal that is caught does not end a wait; the child is told of it, and its end is waited for all the same. */
static fd_error *wait_for(pid_t child, int *status)
{
    static const double LONGEST_NAP = 10e-3;
    pid_t ended = 0;
    bool told = false;
    for (double nap = 100e-6; ended == 0; nap = 2 * nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP) {
        ended = waitpid(child, status, WNOHANG);
        if (ended < 0 && errno == EINTR)
            ended = 0;
        if (ended < 0)
            return FD_FAIL(FD_IO, "lost a process: %s", strerror(errno));
        if (fd_signals_seen() && !told)
            told = kill(child, SIGTERM) == 0;
        if (ended == 0)
            fd_sleep(nap);
    }
    return NULL;
}

fd_error *fd_apart(int (*work)(void *self), void *self, int *exit_code)
{
    fd_error *err = NULL;
    int status = 0;
    const bool threads = has_threads();
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return FD_FAIL(FD_NOMEM, "cannot start a process: %s", strerror(errno));
    if (child == 0) {
        int code = work(self);
        if (!threads)
            exit(code);
        fflush(NULL);   /* what libraries do at exit may wait for their threads, which the child has not */
        _exit(code);
    }
    FD_TRY(wait_for(child, &status));
    if (WIFSIGNALED(status))
        return FD_FAIL(FD_FORMAT, "a damaged HDF5 file: its reader died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
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
    return 0;
}

fd_error *fd_apart_rehearse(const char *path, fd_error *(*read)(void *self), void *self)
{
    int exit_code = 0;
    char name[FD_ESCAPED];
    fd_error *e = fd_apart(rehearse, &(rehearsal){read, self}, &exit_code);
    return e ? fd_error_prefix(e, "%s", fd_escape(name, sizeof name, path)) : NULL;
}
