/* Preloaded (LD_PRELOAD=no_locks.so): a file system without locks. flock, and the locks of fcntl, fail with the errno NO_LOCKS (absent: ENOLCK). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>

static int refuse(void)
{
    const char *number = getenv("NO_LOCKS");
    errno = number ? atoi(number) : ENOLCK;
    return -1;
}

int flock(int fd, int operation)
{
    (void)fd;
    (void)operation;
    return refuse();
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *value = va_arg(args, void *);
    va_end(args);
    if (command == F_SETLK || command == F_SETLKW)
        return refuse();
    return ((__typeof__(&fcntl))dlsym(RTLD_NEXT, "fcntl"))(fd, command, value);
}
