/* Preloaded (LD_PRELOAD=hold.so): of all processes the first call on one file waits until the test lets it go on, as a file system does that does not answer; so
 * tests act at a known moment of a run and never after a guessed time.
 *     HOLD_CALL    open, pwrite, fsync or rename
 *     HOLD_NAME    end of the file's path
 *     HOLD_MARK    a file that is made when the call was reached; the call goes on when it is gone
 *     HOLD_AFTER   a file; calls before it exists are not meant (absent: all are)
 *     HOLD_THREAD  name of the thread whose calls are meant (absent: any) */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preloaded.h"

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool on_thread(const char *wanted)
{
    char name[16] = "";
    return !wanted || (prctl(PR_GET_NAME, name) == 0 && strcmp(name, wanted) == 0);
}

static void hold(const char *call, const char *path)
{
    const char *wanted = getenv("HOLD_CALL"), *name = getenv("HOLD_NAME"), *mark = getenv("HOLD_MARK"), *after = getenv("HOLD_AFTER");
    if (!wanted || !name || !mark || strcmp(wanted, call) != 0 || !ends_with(path, name) || (after && access(after, F_OK) != 0) ||
        !on_thread(getenv("HOLD_THREAD")))
        return;
    char claim[4096];
    snprintf(claim, sizeof claim, "%s.claimed", mark);
    const int first = open(claim, O_CREAT | O_EXCL | O_WRONLY, 0666);
    if (first < 0)
        return;
    close(first);
    FILE *f = fopen(mark, "w");
    if (!f)
        return;
    fprintf(f, "%ld\n", (long)getpid());
    fclose(f);
    while (access(mark, F_OK) == 0)
        usleep(2000);
}

static void hold_descriptor(const char *call, int fd)
{
    char path[OPEN_PATH];
    hold(call, path_of(fd, path));
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = va_arg(args, mode_t);
    va_end(args);
    if (!(flags & O_PATH))
        hold("open", path);
    return NEXT(openat)(folder, path, flags, mode);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    hold_descriptor("pwrite", fd);
    return NEXT(pwrite)(fd, bytes, n, at);
}

ssize_t pwritev(int fd, const struct iovec *part, int n, off_t at)
{
    hold_descriptor("pwrite", fd);
    return NEXT(pwritev)(fd, part, n, at);
}

int fsync(int fd)
{
    hold_descriptor("fsync", fd);
    return NEXT(fsync)(fd);
}

int rename(const char *from, const char *to)
{
    hold("rename", to);
    return NEXT(rename)(from, to);
}
