/* The disk that holds the output: how fast results go out and photographs come in. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "run/bench/suite.h"

enum { PIECE = 4 << 20 }; /* bytes of one call of the system */

typedef struct job {
    int fd;
    int64_t bytes;
    uint8_t *piece;
    bool drop; /* the system is asked to forget the file's contents before it is read */
    bool written; /* the file is there to be read */
} job;

static size_t piece_at(const job *j, int64_t at)
{
    return (size_t)(j->bytes - at < PIECE ? j->bytes - at : PIECE);
}

static fd_error *write_all(void *self, fd_lane *lane, int part)
{
    fd_error *err = NULL;
    const job *j = self;
    (void)lane, (void)part;
    for (int64_t at = 0; at < j->bytes; at += PIECE)
        FD_TRY(fd_file_pwrite(j->fd, "the scratch file", j->piece, piece_at(j, at), at));
    if (fsync(j->fd) != 0)
        FD_THROW(FD_IO, "cannot sync the scratch file");
done:
    return err;
}

static fd_error *read_all(void *self, fd_lane *lane, int part)
{
    fd_error *err = NULL;
    const job *j = self;
    (void)lane, (void)part;
    if (j->drop)
        (void)posix_fadvise(j->fd, 0, 0, POSIX_FADV_DONTNEED); /* a wish: not every file system hears it */
    for (int64_t at = 0; at < j->bytes; at += PIECE)
        FD_TRY(fd_file_pread(j->fd, "the scratch file", j->piece, piece_at(j, at), at));
done:
    return err;
}

static fd_error *point(fd_session *s, job *j, const char *series, fd_error *(*run)(void *self, fd_lane *lane, int part), const char *note)
{
    fd_error *err = NULL;
    bool fits;
    const double began = fd_now();
    fd_trial t = fd_trial_of("io", s->place[0].name, 1, (double)j->bytes * 1e-6, "%s", series);
    t.items = (double)j->bytes * 1e-6;
    t.bytes = (double)j->bytes;
    snprintf(t.note, sizeof t.note, "%s", note);
    if (!j->written && run != write_all)
        return fd_session_pass(s, &t, FD_TRIAL_SKIPPED, "the file was not written");
    FD_TRY(fd_session_fits(s, &t, &fits));
    if (!fits)
        goto done;
    FD_TRY(fd_session_measure(s, &(fd_work){NULL, 1, run, j}, &t));
    FD_TRY(fd_session_add(s, &t, began));
    j->written = true;
done:
    return err;
}

static fd_error *of_size(fd_session *s, job *j, int64_t bytes)
{
    fd_error *err = NULL;
    int64_t have = 0;
    fd_trial none = fd_trial_of("io", s->place[0].name, 1, (double)bytes * 1e-6, "write and sync");
    FD_TRY(fd_file_free_bytes(fd_opt_text(s->options, "output"), &have));
    if (have < 4 * bytes)
        return fd_session_pass(s, &none, FD_TRIAL_SKIPPED, "the disk has %.0f MB free", (double)have * 1e-6);
    j->bytes = bytes;
    j->written = false;
    FD_TRY(point(s, j, "write and sync", write_all, "written, then synced to the disk"));
    j->drop = true;
    FD_TRY(point(s, j, "read", read_all, "the system was asked to drop it from its cache before"));
    j->drop = false;
    FD_TRY(point(s, j, "read again", read_all, "from the system's cache"));
done:
    return err;
}

static fd_error *run(fd_session *s)
{
    fd_error *err = NULL;
    static const int64_t sizes[] = {1000000, 4000000, 16000000, 64000000, 256000000, 1000000000};
    job j = {.fd = -1};
    FD_TRY(fd_alloc(&j.piece, PIECE, 1));
    for (size_t i = 0; i < PIECE; i++)
        j.piece[i] = (uint8_t)(i * 2654435761u >> 11); /* nothing that a disk could compress away */
    FD_TRY(fd_file_scratch(fd_opt_text(s->options, "output"), &j.fd));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        FD_TRY(of_size(s, &j, sizes[i]));
done:
    if (j.fd >= 0)
        close(j.fd);
    free(j.piece);
    return err;
}

const fd_suite fd_suite_io = {
    .name = "io",
    .title = "The disk of the output",
    .size = "MB of the file",
    .item = "MB",
    .rate = FD_RATE_BYTES,
    .text = "A file is written beside the output and synced, so that it is on the disk and not only promised; then it is read, once after the "
            "system was asked to forget "
            "it and once from the system's cache. A network file system may answer either from the memory of another machine. Where the result "
            "is a full matrix of "
            "distances, this can be what takes the time.",
    .run = run,
};
