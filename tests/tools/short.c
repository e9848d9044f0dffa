/* Preloaded (LD_PRELOAD=short.so): one call moves fewer bytes than it was asked to, as Linux does from 2 GiB on, and network file systems whenever they like.
 *     SHORT_FILES   a pattern for the paths of the files that are meant (fnmatch)
 *     SHORT_BYTES   what one call moves at most */
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preloaded.h"

/* What a call that asks for n bytes may move. */
static size_t fewer(int fd, size_t n)
{
    const char *files = getenv("SHORT_FILES"), *bytes = getenv("SHORT_BYTES");
    char path[OPEN_PATH];
    const size_t limit = files && bytes && fnmatch(files, path_of(fd, path), 0) == 0 ? strtoul(bytes, NULL, 10) : n;
    return n < limit ? n : limit;
}

ssize_t read(int fd, void *bytes, size_t n)
{
    return NEXT(read)(fd, bytes, fewer(fd, n));
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    return NEXT(pread)(fd, bytes, fewer(fd, n), at);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    return NEXT(write)(fd, bytes, fewer(fd, n));
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return NEXT(pwrite)(fd, bytes, fewer(fd, n), at);
}

/* Whole parts as far as one call may move them, else a piece of the first that is not empty. */
ssize_t pwritev(int fd, const struct iovec *part, int n, off_t at)
{
    const size_t limit = fewer(fd, (size_t)-1);
    size_t bytes = 0;
    int whole = 0;
    for (; whole < n && part[whole].iov_len <= limit - bytes; whole++)
        bytes += part[whole].iov_len;
    if (bytes > 0 || whole == n)
        return NEXT(pwritev)(fd, part, whole, at);
    return NEXT(pwrite)(fd, part[whole].iov_base, limit, at);
}
