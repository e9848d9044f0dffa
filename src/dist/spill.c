#include "dist/spill.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

/* A sorted stretch of the file, and the window of it that is in memory. */
typedef struct reading {
    int64_t at, left;       /* pairs: where the unread rest begins, how many it has */
    fd_pair *window;
    int64_t first, filled;
} reading;

struct fd_spill {
    char *path;
    int fd;                 /* -1: nothing was spilled */
    bool mirrored;
    fd_pair *pair;          /* [capacity] */
    int64_t count, capacity, written;
    int64_t *row_count;     /* shared by all threads */
    fd_spill_run *run;
    size_t runs, room;
    reading *reading;       /* [runs], once rewound */
    fd_pair *windows;       /* of all runs together */
};

fd_error *fd_spill_open(const char *path, int64_t capacity, bool mirrored, int64_t *row_counts, fd_spill **out)
{
    fd_error *err = NULL;
    fd_spill *s = NULL;
    FD_TRY(fd_alloc(&s, 1, sizeof *s));
    *s = (fd_spill){.fd = -1, .mirrored = mirrored, .capacity = capacity, .row_count = row_counts};
    FD_TRY(fd_strdup(&s->path, path));
    FD_TRY(fd_alloc(&s->pair, (size_t)capacity, sizeof *s->pair));
    *out = s;
    s = NULL;
done:
    fd_spill_close(s);
    return err;
}

void fd_spill_close(fd_spill *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s->path);
    free(s->pair);
    free(s->run);
    free(s->reading);
    free(s->windows);
    free(s);
}

static int by_row(const void *a, const void *b)
{
    const fd_pair *x = a, *y = b;
    if (x->i != y->i)
        return x->i < y->i ? -1 : 1;
    return (x->j > y->j) - (x->j < y->j);
}

void fd_pairs_sort(fd_pair *pair, size_t n)
{
    if (n > 0)
        qsort(pair, n, sizeof *pair, by_row);
}

static fd_error *add_run(fd_spill *s)
{
    fd_error *err = NULL;
    const size_t bytes = (size_t)s->count * sizeof *s->pair;
    fd_pairs_sort(s->pair, (size_t)s->count);
    for (int64_t k = 0; k < s->count; k++)
        __atomic_fetch_add(&s->row_count[s->pair[k].i], 1, __ATOMIC_RELAXED);
    if (s->fd < 0)
        s->fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (s->fd < 0)
        FD_TRY(fd_file_error(s->path, "make", errno));
    FD_TRY(fd_file_pwrite(s->fd, s->path, s->pair, bytes, s->written * (int64_t)sizeof *s->pair));
    FD_TRY(fd_grow(&s->run, &s->room, s->runs + 1, sizeof *s->run));
    s->run[s->runs++] = (fd_spill_run){s->count, fd_crc32c(0, s->pair, bytes)};
    s->written += s->count;
done:
    return err;
}

static fd_error *flush(fd_spill *s)
{
    fd_error *err = NULL;
    if (s->count == 0)
        return NULL;
    FD_TRY(add_run(s));
    for (int64_t k = 0; s->mirrored && k < s->count; k++)
        s->pair[k] = (fd_pair){.i = s->pair[k].j, .j = s->pair[k].i, .distance = s->pair[k].distance};
    if (s->mirrored)
        FD_TRY(add_run(s));
    s->count = 0;
done:
    return err;
}

fd_error *fd_spill_buffer(fd_spill *s, int64_t room, fd_pair **pair, int64_t **count, int64_t *capacity)
{
    fd_error *err = NULL;
    assert(room <= s->capacity && !s->windows);
    if (s->capacity - s->count < room)
        FD_TRY(flush(s));
    *pair = s->pair;
    *count = &s->count;
    *capacity = s->capacity;
done:
    return err;
}

fd_error *fd_spill_save(fd_spill *s, const fd_spill_run **run, size_t *n)
{
    fd_error *err = NULL;
    FD_TRY(flush(s));
    if (s->fd >= 0 && fdatasync(s->fd) != 0)
        FD_TRY(fd_file_error(s->path, "sync", errno));
    *run = s->run;
    *n = s->runs;
done:
    return err;
}

static fd_error *damaged(const fd_spill *s)
{
    char name[FD_ESCAPED];
    return FD_FAIL(FD_FORMAT, "%s: the pairs that an earlier run left are damaged (--force starts anew)", fd_escape(name, sizeof name, s->path));
}

/* Reads a run of another process's file: whole, sorted, of rows that there are. */
static fd_error *check_run(fd_spill *s, const fd_spill_run *run, int64_t rows)
{
    fd_error *err = NULL;
    uint32_t crc = 0;
    fd_pair before = {-1, -1, 0};
    for (int64_t at = 0; at < run->pairs; at += s->capacity) {
        const int64_t n = run->pairs - at < s->capacity ? run->pairs - at : s->capacity;
        FD_TRY(fd_file_pread(s->fd, s->path, s->pair, (size_t)n * sizeof *s->pair, (s->written + at) * (int64_t)sizeof *s->pair));
        crc = fd_crc32c(crc, s->pair, (size_t)n * sizeof *s->pair);
        for (int64_t k = 0; k < n; k++) {
            const fd_pair *p = &s->pair[k];
            if (p->i < before.i || p->i >= rows || p->i < 0)
                FD_TRY(damaged(s));
            s->row_count[p->i]++;
            before = *p;
        }
    }
    if (crc != (uint32_t)run->crc)
        FD_TRY(damaged(s));
    s->written += run->pairs;
done:
    return err;
}

fd_error *fd_spill_adopt(const char *path, const fd_spill_run *run, size_t n, int64_t rows, int64_t *row_counts, fd_spill **out)
{
    enum { PIECE = 1 << 14 };   /* pairs */
    fd_error *err = NULL;
    fd_spill *s = NULL;
    FD_TRY(fd_spill_open(path, PIECE, false, row_counts, &s));
    FD_TRY(fd_grow(&s->run, &s->room, n, sizeof *s->run));
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0)
        FD_TRY(fd_file_error(path, "open", errno));
    for (; s->runs < n; s->runs++) {
        FD_TRY(check_run(s, &run[s->runs], rows));
        s->run[s->runs] = run[s->runs];
    }
    *out = s;
    s = NULL;
done:
    fd_spill_close(s);
    return err;
}

fd_error *fd_spill_rewind(fd_spill *s)
{
    enum { LEAST = 256 };   /* pairs of a window: 6 KiB are read at once */
    fd_error *err = NULL;
    int64_t at = 0;
    FD_TRY(flush(s));
    free(s->pair);
    s->pair = NULL;
    int64_t each = s->runs ? s->capacity / (int64_t)s->runs : 0;
    each = each < LEAST ? LEAST : each;
    FD_TRY(fd_alloc(&s->reading, s->runs, sizeof *s->reading));
    FD_TRY(fd_alloc_aligned(&s->windows, s->runs * (size_t)each, sizeof *s->windows));
    for (size_t r = 0; r < s->runs; at += s->run[r++].pairs)
        s->reading[r] = (reading){.at = at, .left = s->run[r].pairs, .window = s->windows + (int64_t)r * each};
    s->capacity = each;
done:
    return err;
}

/* The next pair of a run; NULL at its end. */
static fd_error *peek(fd_spill *s, reading *r, const fd_pair **out)
{
    fd_error *err = NULL;
    *out = NULL;
    if (r->first == r->filled && r->left > 0) {
        int64_t n = r->left < s->capacity ? r->left : s->capacity;
        FD_TRY(fd_file_pread(s->fd, s->path, r->window, (size_t)n * sizeof *r->window, r->at * (int64_t)sizeof *r->window));
        r->at += n;
        r->left -= n;
        r->first = 0;
        r->filled = n;
    }
    *out = r->first < r->filled ? &r->window[r->first] : NULL;
done:
    return err;
}

fd_error *fd_spill_take(fd_spill *s, int64_t end, fd_pair **pair, size_t *n, size_t *capacity)
{
    fd_error *err = NULL;
    assert(s->windows);
    for (size_t r = 0; r < s->runs; r++) {
        const fd_pair *next = NULL;
        for (;;) {
            FD_TRY(peek(s, &s->reading[r], &next));
            if (!next || next->i >= end)
                break;
            FD_TRY(fd_grow(pair, capacity, *n + 1, sizeof **pair));
            (*pair)[(*n)++] = *next;
            s->reading[r].first++;
        }
    }
done:
    return err;
}
