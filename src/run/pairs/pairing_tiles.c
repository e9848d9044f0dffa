/* The matrix: tiles go to their places in the result; compressed ones to a file of each thread, from which rank 0 fills the result in the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "dist/half.h"
#include "run/pairs/checkpoint.h"
#include "run/together.h"
#include "store/packed.h"

static const char MATRIX[] = "/distances/full";

struct fd_tile_file {
    char *path;
    int fd;           /* -1: nothing was written */
    int64_t bytes;
};

/* In a file of tiles, before each; its first element, and what follows. */
typedef struct tile_head { int64_t row, column, bytes, crc; } tile_head;

/* --- one thread's ------------------------------------------------------------------------------------------------------------------------ */

fd_error *fd_tiles_open(fd_pairing *p)
{
    fd_error *err = NULL;
    if (!p->wanted.matrix || !p->wanted.compress)
        return NULL;
    FD_TRY(fd_alloc(&p->tiles, (size_t)p->threads, sizeof *p->tiles));
    for (int t = 0; t < p->threads; t++) {
        p->tiles[t].fd = -1;
        FD_TRY(fd_part_path(&p->tiles[t].path, p->saving.folder, &(fd_part){FD_PART_TILES, p->checkpoint->run, fd_comm_rank(p->comm), t, 0, NULL}));
    }
done:
    return err;
}

void fd_tiles_close(fd_pairing *p)
{
    for (int t = 0; p->tiles && t < p->threads; t++) {
        if (p->tiles[t].path && p->tiles[t].fd >= 0)
            close(p->tiles[t].fd);
        free(p->tiles[t].path);
    }
    free(p->tiles);
    p->tiles = NULL;
}

fd_error *fd_tiles_save(fd_pairing *p, int thread, int64_t *bytes)
{
    const fd_tile_file *f = &p->tiles[thread];
    *bytes = f->bytes;
    return f->fd < 0 || fdatasync(f->fd) == 0 ? NULL : fd_file_error(f->path, "sync", errno);
}

static fd_error *append(fd_tile_file *f, int64_t row, int64_t column, const uint8_t *packed, size_t n)
{
    fd_error *err = NULL;
    const tile_head head = {row, column, (int64_t)n, fd_crc32c(0, packed, n)};
    if (f->fd < 0)
        f->fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (f->fd < 0)
        FD_TRY(fd_file_error(f->path, "make", errno));
    FD_TRY(fd_file_pwrite(f->fd, f->path, &head, sizeof head, f->bytes));
    FD_TRY(fd_file_pwrite(f->fd, f->path, packed, n, f->bytes + (int64_t)sizeof head));
    f->bytes += (int64_t)(sizeof head + n);
done:
    return err;
}

/* values [rows][pitch] as a whole chunk, zeros beyond them, packed. */
static fd_error *pack(const fd_pairing *p, const fd_matrix_tile *t, const void *values, size_t item, fd_tile_file *f)
{
    fd_error *err = NULL;
    const int64_t height = p->plan[0].side < p->n[0] ? p->plan[0].side : p->n[0], width = p->plan[1].side < p->n[1] ? p->plan[1].side : p->n[1];
    uint8_t *chunk = NULL, *packed = NULL;
    size_t n = 0;
    FD_TRY(fd_alloc(&chunk, (size_t)(height * width), item));
    for (int64_t i = 0; i < t->rows; i++)
        memcpy(chunk + (size_t)(i * width) * item, (const uint8_t *)values + (size_t)(i * t->pitch) * item, (size_t)t->columns * item);
    FD_TRY(fd_chunk_pack(chunk, (size_t)(height * width), item, &packed, &n));
    FD_TRY(append(f, t->row, t->column, packed, n));
done:
    free(chunk);
    free(packed);
    return err;
}

fd_error *fd_tiles_store(fd_pairing *p, int thread, const fd_matrix_tile *t, int64_t *saturated)
{
    fd_error *err = NULL;
    uint16_t *half = NULL;
    const void *values = t->values;
    size_t item = sizeof *t->values;
    if (p->wanted.half) {
        FD_TRY(fd_alloc_aligned(&half, (size_t)(t->rows * t->pitch), sizeof *half));
        for (int64_t i = 0; i < t->rows; i++)
            *saturated += fd_half_of(t->values + i * t->pitch, t->columns, half + i * t->pitch);
        values = half;
        item = sizeof *half;
    }
    const int step = fd_watch_begin(p->watch, FD_STAGE_DISTANCES, p->temporary, t->rows * t->columns * (int64_t)item);
    if (p->wanted.compress)
        err = pack(p, t, values, item, &p->tiles[thread]);
    else
        err = fd_result_write_chunk(p->writer, MATRIX, t->row, t->column, values, t->rows, t->columns, t->pitch);
    fd_watch_end(p->watch, step);
done:
    free(half);
    return err;
}

/* --- all of them ----------------------------------------------------------------------------------------------------------------------- */

typedef struct place { int64_t row, column, at, n, crc; int file; } place;

typedef struct filling {
    const fd_pairing *pairing;
    char **path;            /* [files] */
    int *fd, files;
    place *place;           /* [n] */
    size_t n, capacity, next;
    uint8_t *bytes;         /* the chunk in hand */
    size_t room;
} filling;

static fd_error *damaged(const char *path)
{
    char name[FD_ESCAPED];
    return FD_FAIL(FD_FORMAT, "%s: damaged (--force starts anew)", fd_escape(name, sizeof name, path));
}

/* Walks over the first `bytes` of a file of tiles. */
static fd_error *index_file(filling *f, const fd_part *part)
{
    fd_error *err = NULL;
    const int64_t bytes = part->of[0].pairs;
    const int file = f->files;
    FD_TRY(fd_part_path(&f->path[file], f->pairing->saving.folder, part));
    f->fd[file] = open(f->path[file], O_RDONLY | O_CLOEXEC);
    f->files++;
    if (f->fd[file] < 0)
        FD_TRY(fd_file_error(f->path[file], "open", errno));
    for (int64_t at = 0; at < bytes;) {
        tile_head head;
        FD_TRY(fd_file_pread(f->fd[file], f->path[file], &head, sizeof head, at));
        at += (int64_t)sizeof head;
        if (head.bytes <= 0 || head.bytes > bytes - at || head.row < 0 || head.row >= f->pairing->n[0] || head.column < 0 || head.column >= f->pairing->n[1])
            FD_TRY(damaged(f->path[file]));
        FD_TRY(fd_grow(&f->place, &f->capacity, f->n + 1, sizeof *f->place));
        f->place[f->n++] = (place){head.row, head.column, at, head.bytes, head.crc, file};
        at += head.bytes;
    }
done:
    return err;
}

static int by_place(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static fd_error *next_chunk(void *self, fd_packed_chunk *out)
{
    fd_error *err = NULL;
    filling *f = self;
    *out = (fd_packed_chunk){0};
    if (f->next == f->n)
        return NULL;
    const place *p = &f->place[f->next++];
    FD_TRY(fd_grow(&f->bytes, &f->room, (size_t)p->n, 1));
    FD_TRY(fd_file_pread(f->fd[p->file], f->path[p->file], f->bytes, (size_t)p->n, p->at));
    if (fd_crc32c(0, f->bytes, (size_t)p->n) != (uint32_t)p->crc)
        FD_TRY(damaged(f->path[p->file]));
    *out = (fd_packed_chunk){p->row, p->column, f->bytes, (size_t)p->n};
done:
    return err;
}

static fd_error *fill(void *self)
{
    fd_error *err = NULL;
    fd_pairing *p = self;
    const fd_checkpoint *c = p->checkpoint;
    filling f = {.pairing = p};
    FD_TRY(fd_alloc(&f.path, c->parts, sizeof *f.path));
    FD_TRY(fd_alloc(&f.fd, c->parts, sizeof *f.fd));
    for (size_t i = 0; i < c->parts; i++)
        if (c->part[i].kind == FD_PART_TILES)
            FD_TRY(index_file(&f, &c->part[i]));
    if (f.n > 0)
        qsort(f.place, f.n, sizeof *f.place, by_place);
    if ((int64_t)f.n != p->plan[0].blocks * p->plan[1].blocks)
        FD_THROW(FD_FORMAT, "%lld tiles of the matrix are there, not %lld (--force starts anew)", (long long)f.n, (long long)(p->plan[0].blocks * p->plan[1].blocks));
    FD_TRY(fd_result_fill(p->temporary, MATRIX, next_chunk, &f));
done:
    for (int i = 0; i < f.files; i++) {
        if (f.fd[i] >= 0)
            close(f.fd[i]);
        free(f.path[i]);
    }
    free(f.path);
    free(f.fd);
    free(f.place);
    free(f.bytes);
    return err;
}

typedef struct noting { const fd_pairing *pairing; int64_t saturated; } noting;

static fd_error *note_saturated(void *self)
{
    const noting *n = self;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n->saturated);
    return fd_result_annotate(n->pairing->temporary, MATRIX, &(fd_attribute){"saturated", text}, 1);
}

fd_error *fd_pairing_write_matrix(fd_pairing *p)
{
    fd_error *err = NULL;
    const bool first = fd_comm_rank(p->comm) == 0;
    noting n = {p, p->saturated};
    if (p->wanted.compress) {
        FD_TRY(fd_checkpoint_parts(p));
        FD_TRY(fd_together(p->comm, p->timeout, first ? fill : NULL, p));
    }
    if (p->wanted.half) {
        FD_TRY(fd_comm_reduce_i64(p->comm, &n.saturated, 1, FD_COMBINE_SUM));
        if (n.saturated > 0)
            fd_say(FD_NORMAL, "%lld distances are beyond float16 and stand as its largest, 65504", (long long)n.saturated);
        FD_TRY(fd_together(p->comm, p->timeout, first ? note_saturated : NULL, &n));
    }
done:
    return err;
}
