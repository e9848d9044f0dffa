#include "store/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/log.h"

struct fd_journal {
    char *path;
    int fd;
    int64_t end; /* of the last whole record */
    bool broken; /* a failed append could not be taken back */
    pthread_mutex_t lock; /* of end and broken, and of the order of records */
};

static fd_error *failed(const char *path, const char *what, int number)
{
    char name[FD_ESCAPED];
    bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    return FD_FAIL(full ? FD_NOSPACE : FD_IO, "%s: %s: %s", fd_escape(name, sizeof name, path), what, strerror(number));
}

/* --- open ---------------------------------------------------------------------------------------------------------------------------- */

static fd_error *make_folder(const char *folder)
{
    if (mkdir(folder, 0777) == 0)
        return fd_file_sync_folder_of(folder);
    return errno == EEXIST ? NULL : failed(folder, "cannot make the folder", errno);
}

static fd_error *log_path(const char *folder, int rank, char **path)
{
    char name[32];
    snprintf(name, sizeof name, "rank-%05d.log", rank);
    return fd_path_join(path, folder, name);
}

static fd_error *file_size(int fd, const char *path, int64_t *size)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return failed(path, "cannot look at", errno);
    *size = (int64_t)st.st_size;
    return NULL;
}

static fd_error *compare_pin(const char *was, const char *now, const char *path)
{
    char name[FD_ESCAPED];
    return fd_pin_compare(was, now, fd_escape(name, sizeof name, path));
}

/* Walks over an old log: checks its pin and finds its whole part. */
static fd_error *find_end(fd_journal *j, const char *pin)
{
    fd_error *err = NULL;
    fd_log_walk walk = {.path = j->path, .fd = j->fd};
    fd_record_kind kind = FD_RECORD_END;
    FD_TRY(file_size(j->fd, j->path, &walk.size));
    do {
        FD_TRY(fd_log_next(&walk, &kind));
        if (kind == FD_RECORD_PIN)
            FD_TRY(compare_pin((char *)walk.payload, pin, j->path));
    } while (kind != FD_RECORD_END);
    j->end = walk.at;
    if (walk.size > walk.at && ftruncate(j->fd, walk.at) != 0)
        FD_TRY(failed(j->path, "cannot cut off a torn record", errno));
done:
    free(walk.payload);
    return err;
}

/* One writev; what a signal or a full disk cut short is gone on with. */
static int write_record(int fd, struct iovec part[2], int64_t offset)
{
    while (part[0].iov_len + part[1].iov_len > 0) {
        ssize_t n = pwritev(fd, part, 2, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? EIO : errno;
        offset += n;
        for (int i = 0; i < 2; i++) {
            size_t used = (size_t)n < part[i].iov_len ? (size_t)n : part[i].iov_len;
            part[i].iov_base = (char *)part[i].iov_base + used;
            part[i].iov_len -= used;
            n -= (ssize_t)used;
        }
    }
    return 0;
}

static fd_error *append(fd_journal *j, fd_record_kind kind, const void *payload, size_t n)
{
    uint8_t head[FD_RECORD_HEAD];
    fd_record_head(head, kind, payload, n);
    struct iovec part[2] = {{head, sizeof head}, {(void *)payload, n}};
    if (j->broken)
        return failed(j->path, "an earlier record could not be written", EIO);
    int number = write_record(j->fd, part, j->end);
    if (number == 0) {
        j->end += FD_RECORD_HEAD + (int64_t)n;
        return NULL;
    }
    j->broken = ftruncate(j->fd, j->end) != 0;
    return failed(j->path, "cannot append", number);
}

static fd_error *open_log(fd_journal *j)
{
    j->fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (j->fd < 0)
        return failed(j->path, "cannot open", errno);
    /* A second guard behind the lock of the whole job; file systems without locks have that one only. */
    if (flock(j->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return FD_FAIL(FD_LOCKED, "%s: another process is writing it", j->path);
    return NULL;
}

fd_error *fd_journal_open(const char *folder, int rank, const char *pin, fd_journal **out)
{
    fd_error *err = NULL;
    fd_journal *j = NULL;
    assert(rank >= 0);
    FD_TRY(fd_alloc(&j, 1, sizeof *j));
    j->fd = -1;
    pthread_mutex_init(&j->lock, NULL);
    FD_TRY(make_folder(folder));
    FD_TRY(log_path(folder, rank, &j->path));
    FD_TRY(open_log(j));
    FD_TRY(find_end(j, pin));
    if (j->end == 0) {
        FD_TRY(append(j, FD_RECORD_PIN, pin, strlen(pin)));
        if (fsync(j->fd) != 0)
            FD_TRY(failed(j->path, "cannot sync", errno));
        FD_TRY(fd_file_sync_folder_of(j->path));
    }
    *out = j;
    j = NULL;
done:
    fd_error_free(fd_journal_close(j));
    return err;
}

fd_error *fd_journal_append(fd_journal *j, const void *payload, size_t n, int sync)
{
    pthread_mutex_lock(&j->lock);
    fd_error *err = append(j, FD_RECORD_DATA, payload, n);
    pthread_mutex_unlock(&j->lock);
    if (!err && sync && fdatasync(j->fd) != 0)
        err = failed(j->path, "cannot sync", errno);
    return err;
}

fd_error *fd_journal_close(fd_journal *j)
{
    fd_error *err = NULL;
    if (!j)
        return NULL;
    if (j->fd >= 0 && fsync(j->fd) != 0)
        err = failed(j->path, "cannot sync", errno);
    if (j->fd >= 0)
        close(j->fd);
    pthread_mutex_destroy(&j->lock);
    free(j->path);
    free(j);
    return err;
}

/* --- read ---------------------------------------------------------------------------------------------------------------------------- */

fd_error *fd_journal_read(const char *path, const char *pin, fd_error *(*each)(void *self, const uint8_t *payload, size_t n, int64_t offset),
                          void *self)
{
    fd_error *err = NULL;
    fd_log_walk walk = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    fd_record_kind kind = FD_RECORD_END;
    if (walk.fd < 0)
        FD_TRY(failed(path, "cannot open", errno));
    FD_TRY(file_size(walk.fd, path, &walk.size));
    do {
        FD_TRY(fd_log_next(&walk, &kind));
        if (kind == FD_RECORD_PIN && pin)
            FD_TRY(compare_pin((char *)walk.payload, pin, path));
        if (kind == FD_RECORD_DATA)
            FD_TRY(each(self, walk.payload, walk.n, walk.at - (int64_t)walk.n));
    } while (kind != FD_RECORD_END);
done:
    if (walk.fd >= 0)
        close(walk.fd);
    free(walk.payload);
    return err;
}

/* The pin of one log; NULL when its header is torn. */
static fd_error *pin_of(const char *path, char **pin)
{
    fd_error *err = NULL;
    fd_log_walk walk = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    fd_record_kind kind = FD_RECORD_END;
    if (walk.fd < 0)
        FD_TRY(failed(path, "cannot open", errno));
    FD_TRY(file_size(walk.fd, path, &walk.size));
    FD_TRY(fd_log_next(&walk, &kind));
    if (kind == FD_RECORD_PIN) {
        *pin = (char *)walk.payload;
        walk.payload = NULL;
    }
done:
    if (walk.fd >= 0)
        close(walk.fd);
    free(walk.payload);
    return err;
}

fd_error *fd_journal_pin(const char *folder, char **pin)
{
    fd_error *err = NULL;
    char **names = NULL, *path = NULL;
    int n = 0;
    *pin = NULL;
    FD_TRY(fd_journal_list(folder, &names, &n));
    for (int i = 0; i < n && !*pin; i++) {
        free(path);
        path = NULL;
        FD_TRY(fd_path_join(&path, folder, names[i]));
        FD_TRY(pin_of(path, pin));
    }
done:
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    free(path);
    return err;
}
