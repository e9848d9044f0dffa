#include "run/apart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

fd_error *fd_apart(int (*work)(void *self), void *self, int *exit_code)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return FD_FAIL(FD_NOMEM, "cannot start a process: %s", strerror(errno));
    if (child == 0)
        exit(work(self));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return FD_FAIL(FD_IO, "lost a process: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return FD_FAIL(FD_FORMAT, "a damaged HDF5 file: its reader died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    *exit_code = WEXITSTATUS(status);
    return NULL;
}
