#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

enum { PIECE = 1 << 30 };   /* Linux moves at most 2 GiB - 4 KiB in one call */

fd_error *fd_file_error(const char *path, const char *verb, int number)
{
    char shown[FD_ESCAPED];
    fd_code code = number == ENOSPC || number == EDQUOT || number == EFBIG ? FD_NOSPACE : number == ENOMEM ? FD_NOMEM : FD_IO;
    return FD_FAIL(code, "cannot %s %s: %s", verb, fd_escape(shown, sizeof shown, path), strerror(number));
}

/* The next bytes of fd into to[0..n); *got < n only at the end of the file. */
static fd_error *read_some(int fd, const char *path, uint8_t *to, size_t n, size_t *got)
{
    for (*got = 0; *got < n;) {
        ssize_t now = read(fd, to + *got, n - *got < PIECE ? n - *got : PIECE);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return fd_file_error(path, "read", errno);
        if (now == 0)
            break;
        *got += (size_t)now;
    }
    return NULL;
}

/* Reads to the end, whatever the size was said to be: a file may grow, and a pipe has no size. */
static fd_error *read_all(int fd, const char *path, size_t expected, size_t limit, uint8_t **bytes, size_t *n)
{
    fd_error *err = NULL;
    uint8_t *buffer = NULL;
    size_t capacity = 0, used = 0, got, want = expected < limit ? expected + 1 : limit;
    char shown[FD_ESCAPED];
    do {
        FD_TRY(fd_grow(&buffer, &capacity, want + 1, 1));
        FD_TRY(read_some(fd, path, buffer + used, capacity - 1 - used, &got));
        used += got;
        want = capacity;
    } while (used == capacity - 1 && used <= limit);
    if (used > limit)
        FD_THROW(FD_FORMAT, "%s: larger than the %zu bytes that are allowed here", fd_escape(shown, sizeof shown, path), limit);
    buffer[used] = 0;
    *bytes = buffer;
    *n = used;
    return NULL;
done:
    free(buffer);
    return err;
}

fd_error *fd_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *n)
{
    fd_error *err = NULL;
    struct stat facts;
    char shown[FD_ESCAPED];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fd_file_error(path, "open", errno);
    if (fstat(fd, &facts))
        FD_THROW(FD_IO, "cannot look at %s: %s", fd_escape(shown, sizeof shown, path), strerror(errno));
    size_t expected = S_ISREG(facts.st_mode) && facts.st_size > 0 ? (size_t)facts.st_size : 0;
    if (expected > limit)
        FD_THROW(FD_FORMAT, "%s: %zu bytes are more than the %zu that are allowed here", fd_escape(shown, sizeof shown, path), expected, limit);
    FD_TRY(read_all(fd, path, expected, limit, bytes, n));
done:
    close(fd);
    return err;
}

fd_error *fd_file_pwrite(int fd, const char *path, const void *bytes, size_t n, int64_t offset)
{
    const uint8_t *from = bytes;
    while (n > 0) {
        ssize_t now = pwrite(fd, from, n < PIECE ? n : PIECE, offset);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            return fd_file_error(path, "write", now < 0 ? errno : ENOSPC);
        from += now;
        n -= (size_t)now;
        offset += now;
    }
    return NULL;
}

fd_error *fd_file_pread(int fd, const char *path, void *bytes, size_t n, int64_t offset)
{
    uint8_t *to = bytes;
    char shown[FD_ESCAPED];
    while (n > 0) {
        ssize_t now = pread(fd, to, n < PIECE ? n : PIECE, offset);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return fd_file_error(path, "read", errno);
        if (now == 0)
            return FD_FAIL(FD_IO, "%s ends at byte %lld, %zu bytes too early", fd_escape(shown, sizeof shown, path), (long long)offset, n);
        to += now;
        n -= (size_t)now;
        offset += now;
    }
    return NULL;
}

fd_error *fd_path_folder(char **out, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = !slash ? 1 : slash == path ? 1 : (size_t)(slash - path);
    fd_error *err = fd_alloc(out, n + 1, 1);
    if (!err)
        memcpy(*out, slash ? path : ".", n);
    return err;
}

fd_error *fd_file_sync_folder_of(const char *path)
{
    fd_error *err = NULL;
    char *folder = NULL;
    int fd = -1;
    FD_TRY(fd_path_folder(&folder, path));
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        err = fd_file_error(folder, "open", errno);
        goto done;
    }
    /* Some file systems have no such thing for folders; they order renames themselves. */
    if (fsync(fd) && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
        err = fd_file_error(folder, "sync", errno);
done:
    if (fd >= 0)
        close(fd);
    free(folder);
    return err;
}

fd_error *fd_file_replace(const char *path, const void *bytes, size_t n)
{
    fd_error *err = NULL;
    fd_file_writer *w = NULL;
    FD_TRY(fd_file_writer_open(path, &w));
    FD_TRY(fd_file_writer_add(w, bytes, n));
    FD_TRY(fd_file_writer_commit(w));
done:
    fd_file_writer_close(w);
    return err;
}

fd_error *fd_file_free_bytes(const char *path, int64_t *out)
{
    fd_error *err = NULL;
    char *folder = NULL;
    struct statvfs facts;
    FD_TRY(fd_path_folder(&folder, path));
    if (statvfs(folder, &facts)) {
        err = fd_file_error(folder, "ask for the free space of", errno);
        goto done;
    }
    if (__builtin_mul_overflow((uint64_t)facts.f_bavail, (uint64_t)facts.f_frsize, out))
        *out = INT64_MAX;
done:
    free(folder);
    return err;
}

fd_error *fd_file_scratch(const char *beside, int *fd)
{
    fd_error *err = NULL;
    char *folder = NULL, *path = NULL;
    *fd = -1;
    FD_TRY(fd_path_folder(&folder, beside));
    FD_TRY(fd_path_join(&path, folder, ".facesdist-XXXXXX"));
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0)
        err = fd_file_error(folder, "make a temporary file in", errno);
    else
        unlink(path);
done:
    free(folder);
    free(path);
    return err;
}

fd_error *fd_path_join(char **out, const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), slash = n > 0 && a[n - 1] != '/';
    fd_error *err = fd_alloc(out, n + slash + m + 1, 1);
    if (err)
        return err;
    memcpy(*out, a, n);
    if (slash)
        (*out)[n] = '/';
    memcpy(*out + n + slash, b, m);
    return NULL;
}

fd_error *fd_program_folder(char **out)
{
    fd_error *err = NULL;
    char *path = NULL;
    size_t capacity = 0;
    ssize_t n;
    do {
        FD_TRY(fd_grow(&path, &capacity, capacity + 256, 1));
        n = readlink("/proc/self/exe", path, capacity);
        if (n < 0) {
            err = fd_file_error("/proc/self/exe", "read", errno);
            goto done;
        }
    } while ((size_t)n == capacity);
    path[n] = 0;
    FD_TRY(fd_path_folder(out, path));
done:
    free(path);
    return err;
}
