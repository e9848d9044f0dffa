/* Preloaded (LD_PRELOAD=full.so): some files have no more room than so much, as on a disk that is full; all others, those of MPI above all, have as much as ever.
 *     FULL_FILES   a pattern for the paths of these files (fnmatch)
 *     FULL_BYTES   what one of them may have
 *     FULL_ERRNO   the reason (absent: ENOSPC) */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preloaded.h"

/* Bytes from `at` on that the file has room for; INT64_MAX: as much as is wanted. */
static off_t room(int fd, off_t at)
{
    const char *files = getenv("FULL_FILES"), *bytes = getenv("FULL_BYTES");
    char path[OPEN_PATH];
    if (!files || !bytes || fnmatch(files, path_of(fd, path), 0) != 0)
        return INT64_MAX;
    const off_t limit = (off_t)strtoll(bytes, NULL, 10);
    return at < limit ? limit - at : 0;
}

static int no_room(void)
{
    const char *number = getenv("FULL_ERRNO");
    errno = number ? atoi(number) : ENOSPC;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    const off_t left = room(fd, at);
    if (left == 0 && n > 0)
        return no_room();
    return NEXT(pwrite)(fd, bytes, (off_t)n < left ? n : (size_t)left, at);   /* what still fits is written, as disks do */
}

ssize_t pwritev(int fd, const struct iovec *part, int n, off_t at)
{
    off_t bytes = 0;
    for (int i = 0; i < n; i++)
        bytes += (off_t)part[i].iov_len;
    return bytes > room(fd, at) ? no_room() : NEXT(pwritev)(fd, part, n, at);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    const off_t at = lseek(fd, 0, SEEK_CUR);
    return at >= 0 && (off_t)n > room(fd, at) ? no_room() : NEXT(write)(fd, bytes, n);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    return n > room(fd, at) ? no_room() : NEXT(fallocate)(fd, mode, at, n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at) __attribute__((alias("pwrite")));
ssize_t pwritev64(int fd, const struct iovec *part, int n, off_t at) __attribute__((alias("pwritev")));
int fallocate64(int fd, int mode, off_t at, off_t n) __attribute__((alias("fallocate")));
