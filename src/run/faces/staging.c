/* A rank's folder is DIR/facesdist-stage-XXXXXX, locked as long as the rank lives: what is not locked was left by one that was killed. A copy is named by
 * its photograph's id. */
#include "run/faces/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/faces/batch.h"
#include "run/signals.h"
#include "run/together.h"
#include "run/watch.h"

static const char PREFIX[] = "facesdist-stage-";

/* The part of the free space that is taken: others use the disk too. */
static const double SHARE = 0.9;

enum { BLOCK = 4096, PIECE = 1 << 20, NAME = 24 };   /* bytes: what a file takes at least; what is copied at a time; an id in digits */

/* What read_at says of a photograph that has no copy. */
enum { ABSENT = 0, CHOSEN = -1 };

struct fd_staging {
    const fd_job *job;
    char *folder;
    int fd;                  /* of the folder, locked */
    const int64_t *todo;     /* [n] ids, ascending */
    int64_t n;
    int64_t *read_at;        /* [n] when the original of a copy was opened */
    int64_t budget;          /* bytes */
    int64_t wanted, chosen;  /* photographs that can be staged; that there is room for */
    atomic_llong next, copies, bytes;
    atomic_int failure;      /* errno of the disk, once it takes no more */
};

/* --- folders ----------------------------------------------------------------------------------------------------------------------------- */

static void remove_content(int folder)
{
    const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again < 0 ? NULL : fdopendir(again);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.')
            unlinkat(folder, e->d_name, 0);
    if (d)
        closedir(d);
}

/* A folder of ours that nobody has locked, of a rank that was killed. */
static void sweep_one(int where, const char *name)
{
    struct stat s;
    const int fd = openat(where, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &s) == 0 && s.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        remove_content(fd);
        if (unlinkat(where, name, AT_REMOVEDIR) == 0)
            fd_say(FD_VERBOSE, "--stage: removed %s, which a run left that was killed", name);
    }
    close(fd);
}

static void sweep(const char *where)
{
    DIR *d = opendir(where);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) == 0)
            sweep_one(dirfd(d), e->d_name);
    if (d)
        closedir(d);
}

/* Opens and locks the folder; false when another rank took it for a dead one's before it was locked. */
static bool lock_folder(fd_staging *s)
{
    struct stat opened, named;
    s->fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->fd >= 0 && (flock(s->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && fstat(s->fd, &opened) == 0 && stat(s->folder, &named) == 0 &&
        opened.st_ino == named.st_ino)
        return true;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    return false;
}

static fd_error *make_folder(fd_staging *s, const char *where)
{
    fd_error *err = NULL;
    char pattern[sizeof PREFIX + 6];
    snprintf(pattern, sizeof pattern, "%sXXXXXX", PREFIX);
    for (int tries = 0; tries < 100; tries++) {
        free(s->folder);
        s->folder = NULL;
        FD_TRY(fd_path_join(&s->folder, where, pattern));
        if (!mkdtemp(s->folder))
            FD_TRY(fd_file_error(where, "stage in", errno));
        if (lock_folder(s))
            return NULL;
    }
    FD_THROW(FD_IO, "cannot stage in %s: other runs keep removing the folder", where);
done:
    free(s->folder);
    s->folder = NULL;
    return err;
}

fd_error *fd_staging_check(const fd_job *job)
{
    const char *where = fd_opt_text(job->options, "stage");
    struct stat s;
    if (!where)
        return NULL;
    const bool there = stat(where, &s) == 0;
    if (there && !S_ISDIR(s.st_mode))
        return fd_file_error(where, "stage in", ENOTDIR);
    return there && access(where, R_OK | W_OK | X_OK) == 0 ? NULL : fd_file_error(where, "stage in", errno);
}

/* --- copies ------------------------------------------------------------------------------------------------------------------------------ */

static int write_all(int fd, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t now = write(fd, bytes, n);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            return now < 0 ? errno : ENOSPC;
        bytes += now;
        n -= (size_t)now;
    }
    return 0;
}

/* Up to `limit` bytes and one; *failure: why the copy could not be written. Returns how many there were, -1 where the original could not be read. */
static int64_t pour(int from, int to, int64_t limit, uint8_t *piece, int *failure)
{
    int64_t done = 0;
    while (done <= limit && !*failure) {
        const ssize_t n = read(from, piece, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -1 : done;
        *failure = write_all(to, piece, (size_t)n);
        done += n;
    }
    return done;
}

/* A copy is as long as its original was at the scan, or there is none: whatever else is wrong is found where the original lies. */
static void copy_one(fd_staging *s, int64_t i, uint8_t *piece)
{
    const fd_entry *e = &s->job->manifest.entry[s->todo[i]];
    const int64_t read_at = fd_wall();
    char name[NAME];
    fd_verdict verdict;
    int64_t bytes = 0, copied = -1;
    int failure = 0;
    const int from = fd_open_entry(e->path, &bytes, &verdict);
    snprintf(name, sizeof name, "%" PRId64, s->todo[i]);
    const int to = from < 0 ? -1 : openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (from >= 0 && to < 0)
        failure = errno;
    if (to >= 0)
        copied = pour(from, to, e->probe.bytes, piece, &failure);
    if (to >= 0 && close(to) != 0 && !failure)
        failure = errno;
    if (from >= 0)
        close(from);
    if (failure)
        atomic_store(&s->failure, failure);
    s->read_at[i] = !failure && copied == e->probe.bytes ? read_at : ABSENT;
    if (s->read_at[i] == ABSENT) {
        unlinkat(s->fd, name, 0);
        return;
    }
    atomic_fetch_add(&s->copies, 1);
    atomic_fetch_add(&s->bytes, copied);
}

static void *copy_some(void *self)
{
    fd_staging *s = self;
    uint8_t *piece = malloc(PIECE);
    for (int64_t i; piece && (i = atomic_fetch_add(&s->next, 1)) < s->n;) {
        if (s->read_at[i] != CHOSEN)
            continue;
        if (fd_signals_seen() || atomic_load(&s->failure)) {
            s->read_at[i] = ABSENT;
            continue;
        }
        const fd_entry *e = &s->job->manifest.entry[s->todo[i]];
        const int step = fd_watch_begin(s->job->watch, FD_STAGE_COPY, e->path, e->probe.bytes);
        copy_one(s, i, piece);
        fd_watch_end(s->job->watch, step);
    }
    free(piece);
    return NULL;
}

static fd_error *copy_all(void *self)
{
    fd_error *err = NULL;
    fd_staging *s = self;
    pthread_t *threads = NULL;
    int started = 0;
    FD_TRY(fd_alloc(&threads, (size_t)s->job->threads, sizeof *threads));
    for (; started < s->job->threads && pthread_create(&threads[started], NULL, copy_some, s) == 0; started++)
        ;
    if (started == 0)
        copy_some(s);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (int64_t i = 0; i < s->n; i++)   /* no memory for a thread's piece: left where they are */
        s->read_at[i] = s->read_at[i] == CHOSEN ? ABSENT : s->read_at[i];
    FD_TRY(fd_signals_check());
done:
    free(threads);
    return err;
}

/* As many as there is room for, in their order. */
static void choose(fd_staging *s)
{
    int64_t used = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const fd_probe *p = &s->job->manifest.entry[s->todo[i]].probe;
        if (p->status != FD_IMAGE_OK || p->bytes > FD_LARGEST_FILE)
            continue;
        const int64_t takes = (p->bytes + BLOCK - 1) / BLOCK * BLOCK + BLOCK;   /* and its name */
        s->wanted++;
        if (takes > s->budget - used)
            continue;
        used += takes;
        s->chosen++;
        s->read_at[i] = CHOSEN;
    }
}

static fd_error *prepare(fd_job *job, const int64_t *todo, int64_t n)
{
    fd_error *err = NULL;
    const char *where = fd_opt_text(job->options, "stage");
    int64_t free_bytes = 0;
    fd_staging *s = NULL;
    FD_TRY(fd_alloc(&s, 1, sizeof *s));
    job->staging = s;
    *s = (fd_staging){.job = job, .fd = -1, .todo = todo, .n = n};
    FD_TRY(fd_alloc(&s->read_at, (size_t)n, sizeof *s->read_at));
    sweep(where);
    FD_TRY(make_folder(s, where));
    FD_TRY(fd_file_free_bytes(s->folder, &free_bytes));
    s->budget = (int64_t)(SHARE * (double)free_bytes / fd_comm_local_ranks(job->comm));
done:
    return err;
}

/* Tells what was not copied, of all ranks. Collective. */
static fd_error *tell(fd_job *job)
{
    fd_error *err = NULL;
    char bytes[16];
    fd_staging *s = job->staging;
    const int failure = atomic_load(&s->failure);
    if (failure)
        fd_warn("--stage: %s takes no more: %s", s->folder, strerror(failure));
    int64_t sums[] = {s->wanted, s->chosen, atomic_load(&s->copies), atomic_load(&s->bytes)};
    FD_TRY(fd_comm_reduce_i64(job->comm, sums, 4, FD_COMBINE_SUM));
    fd_bytes_text(bytes, (double)sums[3]);
    if (sums[2] < sums[0])
        fd_say(FD_NORMAL, "--stage: %lld of %lld photographs were copied (%s); the others%s are read where they lie", (long long)sums[2], (long long)sums[0], bytes,
               sums[1] < sums[0] ? ", for which there is no room," : "");
    else
        fd_say(FD_NORMAL, "--stage: %lld photographs were copied (%s)", (long long)sums[2], bytes);
done:
    return err;
}

fd_error *fd_staging_fill(fd_job *job, const int64_t *todo, int64_t n)
{
    fd_error *err = NULL;
    double mark = fd_now();
    if (!fd_opt_text(job->options, "stage"))
        return NULL;
    FD_TRY(fd_comm_agree(job->comm, prepare(job, todo, n)));   /* all of a host look at its free space before one of them takes any */
    choose(job->staging);
    FD_TRY(fd_job_together(job, copy_all, job->staging));
    FD_TRY(tell(job));
    fd_stage_add(job->stages, FD_STAGE_COPY, &mark, (double)job->staging->copies, (double)job->staging->bytes);
done:
    return err;
}

/* --- use --------------------------------------------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool fd_staging_take(fd_staging *s, int64_t image, fd_content *out, int64_t *read_at)
{
    char name[NAME], *path = NULL;
    const int64_t *at = s && s->n > 0 ? bsearch(&image, s->todo, (size_t)s->n, sizeof image, by_id) : NULL;
    int64_t *staged = at ? &s->read_at[at - s->todo] : NULL;
    if (!staged || *staged == ABSENT)
        return false;
    const int64_t bytes = s->job->manifest.entry[image].probe.bytes;
    *read_at = *staged;
    *staged = ABSENT;
    snprintf(name, sizeof name, "%" PRId64, image);
    *out = (fd_content){0};
    fd_error *e = fd_path_join(&path, s->folder, name);
    if (!e)
        e = fd_read_entry(path, (size_t)bytes, out);
    const bool whole = !e && out->verdict.status == FD_IMAGE_OK && (int64_t)out->n == bytes;
    fd_error_free(e);
    unlinkat(s->fd, name, 0);
    free(path);
    if (!whole)
        fd_content_free(out);
    return whole;
}

void fd_staging_close(fd_staging *s)
{
    if (!s)
        return;
    if (s->fd >= 0) {
        remove_content(s->fd);
        rmdir(s->folder);
        close(s->fd);
    }
    free(s->folder);
    free(s->read_at);
    free(s);
}
