/* Every rank's part of writing a result: bytes at the places that HDF5 assigned to the large datasets. Only the look-up of a place is HDF5's,
 * and one thread's at a time; the writes themselves go side by side. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/stretch.h"

/* Chunks that lie one after another, from the first up to the next run. */
typedef struct run { hsize_t first; haddr_t at; } run;

/* A dataset that was written to. */
typedef struct place {
    char *path;
    hid_t set;
    int rank;
    hsize_t dim[4], chunk[4];   /* chunk[0] 0: contiguous */
    size_t item;                /* bytes of an element */
    haddr_t start;              /* contiguous: of the data in the file; HADDR_UNDEF when it has no rows */
    hsize_t grid[2];            /* chunked: how many chunks down and across; they are numbered row by row */
    run *run;
    size_t runs, capacity;
} place;

struct fd_result_writer {
    char *path;
    hid_t file; /* for looking up places only */
    int fd;
    pthread_mutex_t lock; /* of all HDF5 calls, and of the places */
    place *place;
    size_t n, capacity;
};

fd_error *fd_result_writer_open(const char *temporary, fd_result_writer **out)
{
    fd_error *err = NULL;
    fd_result_writer *w = NULL;
    char name[FD_ESCAPED];
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    w->file = w->fd = -1;
    pthread_mutex_init(&w->lock, NULL);
    FD_TRY(fd_strdup(&w->path, temporary));
    FD_TRY(fd_h5_open(temporary, H5F_ACC_RDONLY, &w->file));
    w->fd = open(temporary, O_WRONLY | O_CLOEXEC);
    if (w->fd < 0)
        FD_THROW(FD_IO, "%s: %s", fd_escape(name, sizeof name, temporary), strerror(errno));
    *out = w;
    w = NULL;
done:
    fd_error_free(fd_result_writer_close(w));
    return err;
}

static fd_error *chunk_address(const fd_result_writer *w, const place *p, hsize_t number, haddr_t *at)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    hsize_t corner[2] = {number / p->grid[1] * p->chunk[0], number % p->grid[1] * p->chunk[1]}, bytes = 0;
    unsigned filters = 0;
    herr_t status = 0;
    FD_H5_TRY(status, H5Dget_chunk_info_by_coord(p->set, corner, &filters, at, &bytes), FD_FORMAT, w->path, "cannot find a chunk of", p->path);
    if (*at == HADDR_UNDEF || bytes != p->chunk[0] * p->chunk[1] * p->item)
        FD_THROW(FD_FORMAT, "%s: %s has no room for its chunk at row %llu, column %llu", fd_escape(name, sizeof name, w->path), p->path,
                 (unsigned long long)corner[0], (unsigned long long)corner[1]);
done:
    return err;
}

static fd_error *add_run(place *p, hsize_t first, haddr_t at)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&p->run, &p->capacity, p->runs + 1, sizeof *p->run));
    p->run[p->runs++] = (run){first, at};
done:
    return err;
}

/* Adds the runs that begin after chunk a and up to b. HDF5 looks a chunk up in time that grows with its number, so few are asked for: chunks are
 * allocated in the order of their numbers, and a stretch is believed to be one run when its ends and its middle lie where they then must. */
static fd_error *find_runs(const fd_result_writer *w, place *p, hsize_t a, haddr_t at_a, hsize_t b, haddr_t at_b)
{
    fd_error *err = NULL;
    hsize_t bytes = p->chunk[0] * p->chunk[1] * p->item, middle = a + (b - a) / 2;
    haddr_t at_middle = at_a;
    if (b == a)
        return NULL;
    bool fits = at_b > at_a && at_b - at_a == (b - a) * bytes;
    if (b == a + 1)
        return fits ? NULL : add_run(p, b, at_b);
    FD_TRY(chunk_address(w, p, middle, &at_middle));
    if (fits && at_middle > at_a && at_middle - at_a == (middle - a) * bytes)
        return NULL;
    FD_TRY(find_runs(w, p, a, at_a, middle, at_middle));
    FD_TRY(find_runs(w, p, middle, at_middle, b, at_b));
done:
    return err;
}

static fd_error *find_chunks(const fd_result_writer *w, place *p)
{
    fd_error *err = NULL;
    haddr_t first = HADDR_UNDEF, last = HADDR_UNDEF;
    assert(p->rank == 2);
    for (int i = 0; i < 2; i++)
        p->grid[i] = (p->dim[i] + p->chunk[i] - 1) / p->chunk[i];
    hsize_t n = p->grid[0] * p->grid[1];
    FD_TRY(chunk_address(w, p, 0, &first));
    FD_TRY(chunk_address(w, p, n - 1, &last));
    FD_TRY(add_run(p, 0, first));
    FD_TRY(find_runs(w, p, 0, first, n - 1, last));
done:
    return err;
}

static fd_error *find_layout(const fd_result_writer *w, place *p)
{
    fd_error *err = NULL;
    hid_t space = -1, how = -1, type = -1;
    int rank = 0;
    FD_H5_TRY(p->set, H5Dopen2(w->file, p->path, H5P_DEFAULT), FD_FORMAT, w->path, "cannot open", p->path);
    FD_H5_TRY(space, H5Dget_space(p->set), FD_FORMAT, w->path, "cannot read the shape of", p->path);
    FD_H5_TRY(type, H5Dget_type(p->set), FD_FORMAT, w->path, "cannot read the type of", p->path);
    FD_H5_TRY(how, H5Dget_create_plist(p->set), FD_FORMAT, w->path, "cannot read the layout of", p->path);
    p->item = H5Tget_size(type);
    p->rank = H5Sget_simple_extent_ndims(space);
    assert(p->rank >= 1 && p->rank <= 4);
    FD_H5_TRY(rank, H5Sget_simple_extent_dims(space, p->dim, NULL), FD_FORMAT, w->path, "cannot read the shape of", p->path);
    p->start = HADDR_UNDEF;
    if (H5Pget_layout(how) == H5D_CHUNKED) {
        FD_H5_TRY(rank, H5Pget_chunk(how, 4, p->chunk), FD_FORMAT, w->path, "cannot read the layout of", p->path);
        FD_TRY(find_chunks(w, p));
    } else
        p->start = H5Dget_offset(p->set);
done:
    fd_h5_drop(type);
    fd_h5_drop(how);
    fd_h5_drop(space);
    return err;
}

/* Under the lock. */
static fd_error *find_place(fd_result_writer *w, const char *path, place *out)
{
    fd_error *err = NULL;
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->place[i].path, path) == 0) {
            *out = w->place[i];
            return NULL;
        }
    FD_TRY(fd_grow(&w->place, &w->capacity, w->n + 1, sizeof *w->place));
    place *p = &w->place[w->n];
    *p = (place){.set = -1};
    FD_TRY(fd_strdup(&p->path, path));
    w->n++; /* from here close frees it */
    FD_TRY(find_layout(w, p));
    *out = *p;
done:
    return err;
}

/* A copy: the list may move when it grows. What it points to stays until the writer is closed. */
static fd_error *look_up(fd_result_writer *w, const char *path, place *out)
{
    pthread_mutex_lock(&w->lock);
    fd_error *err = find_place(w, path, out);
    pthread_mutex_unlock(&w->lock);
    return err;
}

fd_error *fd_result_stretches(fd_result_writer *w, const char *path, fd_stretches *out)
{
    fd_error *err = NULL;
    place p = {.set = -1};
    FD_TRY(look_up(w, path, &p));
    hsize_t chunk = p.item, all = p.item, chunks = p.grid[0] * p.grid[1];
    for (int i = 0; i < p.rank; i++) {
        chunk *= p.chunk[i];
        all *= p.dim[i];
    }
    FD_TRY(fd_grow(&out->stretch, &out->capacity, out->n + p.runs + 1, sizeof *out->stretch));
    if (p.runs == 0 && p.start != HADDR_UNDEF)
        out->stretch[out->n++] = (fd_stretch){(int64_t)p.start, (int64_t)all};
    for (size_t i = 0; i < p.runs; i++)
        out->stretch[out->n++] = (fd_stretch){(int64_t)p.run[i].at, (int64_t)(((i + 1 < p.runs ? p.run[i + 1].first : chunks) - p.run[i].first) * chunk)};
done:
    return err;
}

fd_error *fd_result_write_rows(fd_result_writer *w, const char *path, int64_t first, int64_t count, const void *data)
{
    fd_error *err = NULL;
    place p = {.set = -1};
    FD_TRY(look_up(w, path, &p));
    assert(p.chunk[0] == 0 && first >= 0 && count >= 0 && first + count <= (int64_t)p.dim[0]);
    size_t row = p.item;
    for (int i = 1; i < p.rank; i++)
        row *= (size_t)p.dim[i];
    if (count > 0 && row > 0) {
        assert(p.start != HADDR_UNDEF);
        FD_TRY(fd_file_pwrite(w->fd, w->path, data, row * (size_t)count, (int64_t)p.start + first * (int64_t)row));
    }
done:
    return err;
}

/* Where the chunk with this corner lies: in the last run that begins at or before it. */
static haddr_t address_of(const place *p, int64_t row, int64_t column)
{
    const hsize_t y = (hsize_t)row, x = (hsize_t)column, number = y / p->chunk[0] * p->grid[1] + x / p->chunk[1];
    assert(row >= 0 && column >= 0 && y < p->dim[0] && x < p->dim[1] && y % p->chunk[0] == 0 && x % p->chunk[1] == 0);
    size_t low = 0, high = p->runs - 1;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (p->run[middle].first <= number)
            low = middle;
        else
            high = middle - 1;
    }
    return p->run[low].at + (number - p->run[low].first) * p->chunk[0] * p->chunk[1] * p->item;
}

/* values [rows][pitch] as a whole chunk, zeros beyond them. free(*out). */
static fd_error *padded_chunk(const place *p, const uint8_t *values, int64_t rows, int64_t columns, int64_t pitch, uint8_t **out)
{
    fd_error *err = NULL;
    size_t height = (size_t)p->chunk[0], width = (size_t)p->chunk[1];
    FD_TRY(fd_alloc(out, height * width, p->item));
    for (int64_t i = 0; i < rows; i++)
        memcpy(*out + (size_t)i * width * p->item, values + (size_t)(i * pitch) * p->item, (size_t)columns * p->item);
done:
    return err;
}

fd_error *fd_result_write_chunk(fd_result_writer *w, const char *path, int64_t row, int64_t column, const void *values, int64_t rows, int64_t columns,
                                int64_t pitch)
{
    fd_error *err = NULL;
    place p = {.set = -1};
    uint8_t *padded = NULL;
    if (rows == 0 || columns == 0)
        return NULL;
    FD_TRY(look_up(w, path, &p));
    assert(p.chunk[0] > 0);
    int64_t height = (int64_t)p.chunk[0], width = (int64_t)p.chunk[1];
    assert(rows > 0 && columns > 0 && pitch >= columns && rows <= height && columns <= width);
    assert(row + rows <= (int64_t)p.dim[0] && column + columns <= (int64_t)p.dim[1]);
    haddr_t at = address_of(&p, row, column);
    if (rows < height || columns < width || pitch != width)
        FD_TRY(padded_chunk(&p, values, rows, columns, pitch, &padded));
    FD_TRY(fd_file_pwrite(w->fd, w->path, padded ? padded : values, (size_t)(height * width) * p.item, (int64_t)at));
done:
    free(padded);
    return err;
}

fd_error *fd_result_writer_sync(fd_result_writer *w)
{
    return fdatasync(w->fd) == 0 ? NULL : fd_file_error(w->path, "sync", errno);
}

fd_error *fd_result_writer_close(fd_result_writer *w)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    if (!w)
        return NULL;
    if (w->fd >= 0 && fsync(w->fd) != 0)
        err =
            FD_FAIL(errno == ENOSPC || errno == EDQUOT ? FD_NOSPACE : FD_IO, "%s: %s", fd_escape(name, sizeof name, w->path), strerror(errno));
    if (w->fd >= 0)
        close(w->fd);
    for (size_t i = 0; i < w->n; i++) {
        fd_h5_drop(w->place[i].set);
        free(w->place[i].path);
        free(w->place[i].run);
    }
    fd_h5_abandon(w->file);
    pthread_mutex_destroy(&w->lock);
    free(w->place);
    free(w->path);
    free(w);
    return err;
}
