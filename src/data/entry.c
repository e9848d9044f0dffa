#include "data/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

fd_verdict fd_verdict_of_errno(int code)
{
    fd_verdict v = {FD_IMAGE_UNREADABLE, ""};
    const char *reason = strerrordesc_np(code);
    if (code == ELOOP)
        v.status = FD_IMAGE_SPECIAL_FILE;
    snprintf(v.detail, sizeof v.detail, "%s", code == ELOOP ? "a loop of symbolic links" : reason ? reason : "unknown error");
    return v;
}

static void close_quietly(int fd)
{
    int kept = errno;
    if (fd >= 0)
        close(fd);
    errno = kept;
}

/* Goes down `*path` until what is left fits a system call; *folder is what the rest is relative to. */
static int descend(const char **path, int *folder)
{
    *folder = AT_FDCWD;
    while (strlen(*path) >= PATH_MAX) {
        char piece[PATH_MAX];
        memcpy(piece, *path, PATH_MAX - 1);
        piece[PATH_MAX - 1] = 0;
        char *slash = strrchr(piece, '/');
        if (!slash || slash == piece) {
            close_quietly(*folder);
            errno = ENAMETOOLONG;
            return -1;
        }
        slash[0] = 0;
        int next = openat(*folder, piece, O_PATH | O_DIRECTORY | O_CLOEXEC);
        close_quietly(*folder);
        if (next < 0)
            return -1;
        *folder = next;
        *path += slash - piece;
        *path += strspn(*path, "/");
    }
    if (!**path)
        *path = ".";
    return 0;
}

int fd_open_path(const char *path, int flags)
{
    int folder, fd;
    if (!*path) {
        errno = ENOENT;
        return -1;
    }
    if (descend(&path, &folder))
        return -1;
    do
        fd = openat(folder, path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    close_quietly(folder);
    return fd;
}

int fd_stat_path(const char *path, struct stat *out)
{
    int folder;
    if (!*path) {
        errno = ENOENT;
        return -1;
    }
    if (descend(&path, &folder))
        return -1;
    int failed = fstatat(folder, path, out, 0);
    close_quietly(folder);
    return failed;
}

static const char *special_kind(mode_t mode)
{
    return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a FIFO" : S_ISSOCK(mode) ? "a socket" : "a device";
}

static int refuse(fd_verdict *verdict, mode_t mode)
{
    *verdict = (fd_verdict){FD_IMAGE_SPECIAL_FILE, ""};
    snprintf(verdict->detail, sizeof verdict->detail, "%s", special_kind(mode));
    return -1;
}

/* errno told us that nothing is there: a link whose target is missing, or no name at all. */
static int is_dangling(const char *path)
{
    int fd = fd_open_path(path, O_PATH | O_NOFOLLOW);
    close_quietly(fd);
    return fd >= 0;
}

int fd_open_entry(const char *path, int64_t *bytes, fd_verdict *verdict)
{
    struct stat s;
    *verdict = (fd_verdict){FD_IMAGE_OK, ""};
    *bytes = 0;
    int fd = -1, failed = fd_stat_path(path, &s);
    if (!failed && !S_ISREG(s.st_mode))
        return refuse(verdict, s.st_mode);
    /* What was a file a moment ago may be a FIFO now: O_NONBLOCK never waits for its other end, and fstat has the last word. */
    if (!failed)
        fd = fd_open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &s)) {
        *verdict = fd_verdict_of_errno(errno);
        if (errno == ENOENT && is_dangling(path))
            *verdict = (fd_verdict){FD_IMAGE_SPECIAL_FILE, "a dangling symbolic link"};
        close_quietly(fd);
        return -1;
    }
    if (!S_ISREG(s.st_mode)) {
        close_quietly(fd);
        return refuse(verdict, s.st_mode);
    }
    *bytes = s.st_size;
    return fd;
}

/* Reads to the end of the file, whatever its size was when it was opened. */
static void read_all(int fd, size_t size, size_t limit, fd_content *out)
{
    size_t capacity = size < limit ? size + 1 : limit + 1;   /* one more, so that the end is seen without growing */
    out->bytes = malloc(capacity);
    while (out->bytes) {
        ssize_t got = read(fd, out->bytes + out->n, capacity - out->n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            out->verdict = fd_verdict_of_errno(errno);
        if (got <= 0)
            return;
        out->n += (size_t)got;
        if (out->n > limit)
            return;
        if (out->n == capacity) {
            capacity = capacity > limit / 2 ? limit + 1 : capacity * 2;
            uint8_t *grown = realloc(out->bytes, capacity);
            if (!grown)
                free(out->bytes);
            out->bytes = grown;
        }
    }
    out->verdict = (fd_verdict){FD_IMAGE_OUT_OF_MEMORY, "no memory to hold the file"};
}

fd_error *fd_read_entry(const char *path, size_t limit, fd_content *out)
{
    *out = (fd_content){0};
    int64_t size;
    if (limit >= SIZE_MAX / 2)
        limit = SIZE_MAX / 2;
    int fd = fd_open_entry(path, &size, &out->verdict);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && out->verdict.status == FD_IMAGE_UNREADABLE)
        return FD_FAIL(FD_IO, "cannot open any more files: %s", out->verdict.detail);
    if (fd < 0)
        return NULL;
    if ((uint64_t)size <= limit)
        read_all(fd, (size_t)size, limit, out);
    if ((uint64_t)size > limit || out->n > limit) {
        out->verdict.status = FD_IMAGE_TOO_LARGE;
        snprintf(out->verdict.detail, sizeof out->verdict.detail, "a file of more than %zu bytes", limit);
    } else if (out->verdict.status == FD_IMAGE_OK && !out->n) {
        out->verdict = (fd_verdict){FD_IMAGE_EMPTY, "a file of zero bytes"};
    }
    close_quietly(fd);
    if (out->verdict.status != FD_IMAGE_OK)
        fd_content_free(out);
    return NULL;
}

void fd_content_free(fd_content *c)
{
    free(c->bytes);
    c->bytes = NULL;
    c->n = 0;
}
