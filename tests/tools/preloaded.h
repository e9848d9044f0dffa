/* What the preloaded helpers share. */
#ifndef FD_TESTS_PRELOADED_H
#define FD_TESTS_PRELOADED_H

#include <dlfcn.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

/* The function that would be called without the helper. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { OPEN_PATH = 4096 };

/* The path of an open file; "" where it cannot be told. Returns path. */
static inline const char *path_of(int fd, char path[OPEN_PATH])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, OPEN_PATH - 1);
    path[n > 0 ? n : 0] = 0;
    return path;
}

#endif
