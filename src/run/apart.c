#include "run/apart.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

fd_error *fd_apart(int (*work)(void *self), void *self, int *exit_code)
{
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
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return FD_FAIL(FD_IO, "lost a process: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return FD_FAIL(FD_FORMAT, "a damaged HDF5 file: its reader died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    *exit_code = WEXITSTATUS(status);
    return NULL;
}
