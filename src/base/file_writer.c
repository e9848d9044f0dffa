/* Files that appear whole: written under a temporary name in their folder, synced, renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { BUFFER = 1 << 20, PIECE = 1 << 30 };   /* bytes; Linux moves at most 2 GiB - 4 KiB in one call */

struct fd_file_writer {
    char *path;        /* as the user wrote it, for messages */
    char *target;      /* what is renamed to: behind a link the file it leads to */
    char *temporary;   /* NULL: written into as it is */
    uint8_t *buffer;   /* [BUFFER] */
    size_t used;
    int fd;
    bool keep_open;    /* standard output is not ours to close */
};

/* A new file in the folder of path under a name that nobody uses. free(*name); close(*fd). */
static fd_error *open_beside(const char *path, mode_t mode, char **name, int *fd)
{
    fd_error *err = NULL;
    char *folder = NULL, base[64];
    *name = NULL;
    *fd = -1;
    FD_TRY(fd_path_folder(&folder, path));
    for (int i = 0; i < 100; i++) {
        snprintf(base, sizeof base, ".facesdist-%ld-%d.tmp", (long)getpid(), i);
        free(*name);
        FD_TRY(fd_path_join(name, folder, base));
        *fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (*fd >= 0 || errno != EEXIST)
            break;
    }
    if (*fd < 0) {
        err = fd_file_error(path, "write beside", errno);
        free(*name);
        *name = NULL;
    }
done:
    free(folder);
    return err;
}

/* A link stays a link, a file keeps its permissions; a device or pipe is written into, for replacing it would put a file in its place. */
static fd_error *open_target(fd_file_writer *w, const char *path)
{
    struct stat facts, link;
    const bool there = stat(path, &facts) == 0 && lstat(path, &link) == 0;
    if (strcmp(path, "-") == 0) {
        w->fd = STDOUT_FILENO;
        w->keep_open = true;
        return NULL;
    }
    if (there && S_ISDIR(facts.st_mode))
        return fd_file_error(path, "write", EISDIR);
    if (there && !S_ISREG(facts.st_mode)) {
        w->fd = open(path, O_WRONLY | O_CLOEXEC);
        return w->fd < 0 ? fd_file_error(path, "write", errno) : NULL;
    }
    w->target = there && S_ISLNK(link.st_mode) ? realpath(path, NULL) : NULL;
    fd_error *err = w->target ? NULL : fd_strdup(&w->target, path);
    return err ? err : open_beside(w->target, there ? facts.st_mode & 0777 : 0666, &w->temporary, &w->fd);
}

fd_error *fd_file_writer_open(const char *path, fd_file_writer **out)
{
    fd_error *err = NULL;
    fd_file_writer *w = NULL;
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    w->fd = -1;
    FD_TRY(fd_strdup(&w->path, path));
    FD_TRY(fd_alloc(&w->buffer, BUFFER, 1));
    FD_TRY(open_target(w, path));
    *out = w;
    w = NULL;
done:
    fd_file_writer_close(w);
    return err;
}

static fd_error *write_out(fd_file_writer *w, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t now = write(w->fd, bytes, n < PIECE ? n : PIECE);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            return fd_file_error(w->keep_open ? "standard output" : w->path, "write", now < 0 ? errno : ENOSPC);
        bytes += now;
        n -= (size_t)now;
    }
    return NULL;
}

static fd_error *flush(fd_file_writer *w)
{
    const size_t n = w->used;
    w->used = 0;
    return write_out(w, w->buffer, n);
}

fd_error *fd_file_writer_add(fd_file_writer *w, const void *bytes, size_t n)
{
    fd_error *err = NULL;
    if (n > BUFFER - w->used)
        FD_TRY(flush(w));
    if (n > BUFFER)
        return write_out(w, bytes, n);
    if (n > 0)
        memcpy(w->buffer + w->used, bytes, n);
    w->used += n;
done:
    return err;
}

fd_error *fd_file_writer_change(fd_file_writer *w, int64_t offset, const void *bytes, size_t n)
{
    fd_error *err = NULL;
    if (!w->temporary)
        return fd_file_error(w->path, "write into the middle of", ESPIPE);
    FD_TRY(flush(w));
    FD_TRY(fd_file_pwrite(w->fd, w->path, bytes, n, offset));
done:
    return err;
}

fd_error *fd_file_writer_commit(fd_file_writer *w)
{
    fd_error *err = NULL;
    int failed = 0;
    FD_TRY(flush(w));
    if (w->keep_open)
        return NULL;
    if (w->temporary && fsync(w->fd))
        failed = errno;
    if (close(w->fd) && !failed)
        failed = errno;
    w->fd = -1;
    if (!failed && w->temporary && rename(w->temporary, w->target))
        failed = errno;
    if (failed)
        return fd_file_error(w->path, "write", failed);
    if (!w->temporary)
        return NULL;
    free(w->temporary);
    w->temporary = NULL;
    FD_TRY(fd_file_sync_folder_of(w->target));
done:
    return err;
}

void fd_file_writer_close(fd_file_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0 && !w->keep_open)
        close(w->fd);
    if (w->temporary)
        unlink(w->temporary);
    free(w->temporary);
    free(w->target);
    free(w->path);
    free(w->buffer);
    free(w);
}
