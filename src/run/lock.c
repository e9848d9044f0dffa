#include "run/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

/* The process that holds a lock on this file, as the kernel lists them; 0 where it is on another host or out of sight. */
static long holder_of(const struct stat *file)
{
    FILE *f = fopen("/proc/locks", "r");
    char line[256];
    long holder = 0;
    while (f && !holder && fgets(line, sizeof line, f)) {
        long process;
        unsigned long long inode;
        if (sscanf(line, "%*s FLOCK %*s %*s %ld %*x:%*x:%llu", &process, &inode) == 2 && inode == (unsigned long long)file->st_ino && process > 0)
            holder = process;
    }
    if (f)
        fclose(f);
    return holder;
}

static fd_error *held(const char *output, int lock)
{
    struct stat s;
    char name[FD_ESCAPED], who[48] = "on another host";
    long process = fstat(lock, &s) == 0 ? holder_of(&s) : 0;
    if (process)
        snprintf(who, sizeof who, "process %ld of this host", process);
    return FD_FAIL(FD_LOCKED, "%s: another run is writing this output (%s)", fd_escape(name, sizeof name, output), who);
}

/* Whether the folder that was locked is still the one of that name: its last holder may have removed it in between. */
static bool still_there(const char *folder, int lock)
{
    struct stat opened, named;
    return fstat(lock, &opened) == 0 && stat(folder, &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

fd_error *fd_lock_take(const char *folder, const char *output, int *lock)
{
    for (int tries = 0; tries < 100; tries++) {
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            return fd_file_error(folder, "make", errno);
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0)
            return fd_file_error(folder, "open", errno);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            fd_error *e = held(output, fd);
            close(fd);
            return e;
        }
        if (still_there(folder, fd)) {
            *lock = fd;
            return NULL;
        }
        close(fd);
    }
    return FD_FAIL(FD_LOCKED, "other runs keep making and removing this output's journal");
}

void fd_lock_release(const char *folder, int lock)
{
    if (lock < 0)
        return;
    rmdir(folder);   /* fails, as it should, where there are logs */
    close(lock);
}
