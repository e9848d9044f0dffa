#include "dist/spill.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* A sorted stretch of the file, and the window of it that is in memory. */
typedef struct run {
    int64_t at, left;       /* pairs: where the unread rest begins, how many it has */
    fd_pair *window;
    int64_t first, filled;
} run;

struct fd_spill {
    char *path;             /* for messages */
    int fd;                 /* -1: nothing was spilled */
    bool mirrored;
    fd_pair *pair;          /* [capacity] */
    int64_t count, capacity, written;
    int64_t *row_count;     /* shared by all threads */
    run *run;
    size_t runs, room;
    fd_pair *windows;       /* of all runs together */
};

fd_error *fd_spill_open(const char *beside, int64_t capacity, bool mirrored, int64_t *row_counts, fd_spill **out)
{
    fd_error *err = NULL;
    fd_spill *s = NULL;
    FD_TRY(fd_alloc(&s, 1, sizeof *s));
    *s = (fd_spill){.fd = -1, .mirrored = mirrored, .capacity = capacity, .row_count = row_counts};
    FD_TRY(fd_strdup(&s->path, beside));
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
        FD_TRY(fd_file_scratch(s->path, &s->fd));
    FD_TRY(fd_file_pwrite(s->fd, s->path, s->pair, bytes, s->written * (int64_t)sizeof *s->pair));
    FD_TRY(fd_grow(&s->run, &s->room, s->runs + 1, sizeof *s->run));
    s->run[s->runs++] = (run){.at = s->written, .left = s->count};
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

fd_error *fd_spill_rewind(fd_spill *s)
{
    enum { LEAST = 256 };   /* pairs of a window: 6 KiB are read at once */
    fd_error *err = NULL;
    FD_TRY(flush(s));
    free(s->pair);
    s->pair = NULL;
    int64_t each = s->runs ? s->capacity / (int64_t)s->runs : 0;
    each = each < LEAST ? LEAST : each;
    FD_TRY(fd_alloc_aligned(&s->windows, s->runs * (size_t)each, sizeof *s->windows));
    for (size_t r = 0; r < s->runs; r++)
        s->run[r].window = s->windows + (int64_t)r * each;
    s->capacity = each;
done:
    return err;
}

/* The next pair of a run; NULL at its end. */
static fd_error *peek(fd_spill *s, run *r, const fd_pair **out)
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
            FD_TRY(peek(s, &s->run[r], &next));
            if (!next || next->i >= end)
                break;
            FD_TRY(fd_grow(pair, capacity, *n + 1, sizeof **pair));
            (*pair)[(*n)++] = *next;
            s->run[r].first++;
        }
    }
done:
    return err;
}
