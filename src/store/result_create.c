/* Rank 0's part of writing a result: make the file, reserve its space, commit it. */
#include <errno.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/stretch.h"

/* Bytes set aside for what commit adds: /run's attributes, stage table and usage series. */
enum { RUN_BYTES = 1 << 20 };

/* --- how large it will be ------------------------------------------------------------------------------------------------------------ */

static int64_t rounded(int64_t bytes, int64_t to)
{
    return (bytes + to - 1) / to * to;
}

/* Text lies in global heaps of 4 KiB or more: 16 bytes and padding for each, and what is left of a heap when the next does not fit. */
static int64_t text_bytes(const char *const *text, int64_t n)
{
    int64_t bytes = 4096;
    for (int64_t i = 0; i < n; i++)
        bytes += 16 + 2 * (24 + rounded(text[i] ? (int64_t)strlen(text[i]) : 0, 8));
    return bytes;
}

/* Chunks along one axis. */
static int64_t chunks_along(const fd_column *c, int axis)
{
    int64_t chunk = c->chunk[axis] < c->dim[axis] ? c->chunk[axis] : c->dim[axis];
    return chunk > 0 ? (c->dim[axis] + chunk - 1) / chunk : 0;
}

static int64_t chunks_of(const fd_column *c)
{
    int64_t n = c->rank > 0 && c->chunk[0] > 0;
    for (int i = 0; i < c->rank && n > 0; i++)
        n *= chunks_along(c, i);
    return n;
}

/* A chunk's entry in its half full B-tree takes 2 * (32 + 8) bytes, and the tree above. */
static int64_t tree_bytes(const fd_column *c)
{
    return c->chunk[0] > 0 ? chunks_of(c) * 128 + 4096 : 0;
}

static int64_t column_bytes(const fd_column *c)
{
    int64_t n = 1, stored = 1;
    for (int i = 0; i < c->rank; i++) {
        int64_t chunk = c->chunk[i] < c->dim[i] ? c->chunk[i] : c->dim[i];
        n *= c->dim[i];
        stored *= chunk > 0 ? chunks_along(c, i) * chunk : c->dim[i];
    }
    /* 4096: header, links, small blocks. 8192: alignment. */
    int64_t bytes = 4096 + 8192 + tree_bytes(c);
    stored = c->compress && c->chunk[0] > 0 ? 0 : stored;
    bytes += c->type == FD_COL_TEXT ? text_bytes(c->data, n) : stored * (int64_t)fd_h5_bytes(c->type);
    for (int i = 0; i < c->n_attributes; i++)
        bytes += 512 + 2 * (int64_t)strlen(c->attributes[i].text);
    for (int i = 0; i < c->n_labels; i++)
        bytes += 32 + (int64_t)strlen(c->labels[i]);
    return bytes;
}

int64_t fd_result_predict(const fd_column *columns, int n)
{
    int64_t bytes = RUN_BYTES + (16 << 10);
    for (int i = 0; i < n; i++)
        bytes += column_bytes(&columns[i]);
    return bytes;
}

static fd_error *no_space(const char *path, int64_t bytes, int number)
{
    char name[FD_ESCAPED], needed[16], free_text[16] = "unknown";
    int64_t free_bytes = 0;
    fd_error *err = fd_file_free_bytes(path, &free_bytes);
    if (!err)
        fd_bytes_text(free_text, (double)free_bytes);
    fd_error_free(err);
    return FD_FAIL(FD_NOSPACE, "%s: %s: %s (%lld bytes) needed, %s free on its file system", fd_escape(name, sizeof name, path),
                   strerror(number), fd_bytes_text(needed, (double)bytes), (long long)bytes, free_text);
}

/* Reserves bytes first..bytes-1 of the file. Where the file system cannot reserve (some network ones), its free space is looked at instead, and a
 * full disk shows in the writes. */
static fd_error *reserve(const char *path, int flags, int mode, int64_t first, int64_t bytes)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    int64_t free_bytes = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        FD_THROW(FD_IO, "%s: %s", fd_escape(name, sizeof name, path), strerror(errno));
    int number = 0;
    do {
        number = fallocate(fd, mode, first, bytes - first) == 0 ? 0 : errno;
    } while (number == EINTR);
    if (number == EOPNOTSUPP || number == ENOSYS) {
        FD_TRY(fd_file_free_bytes(path, &free_bytes));
        number = free_bytes < bytes ? ENOSPC : 0;
    }
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        FD_TRY(no_space(path, bytes, number));
    if (number != 0)
        FD_THROW(FD_IO, "%s: cannot reserve %lld bytes: %s", fd_escape(name, sizeof name, path), (long long)bytes, strerror(number));
done:
    if (fd >= 0)
        close(fd);
    return err;
}

/* Makes an empty file, and learns whether it may become so large while nothing was written: the last byte shows the limits of its size. HDF5's create
 * truncates the file, so all of it is reserved only then: in a file system in memory that takes a third of the time of writing it. */
static fd_error *probe(const char *path, int64_t bytes)
{
    fd_error *err = NULL;
    int64_t free_bytes = 0;
    FD_TRY(reserve(path, O_CREAT | O_TRUNC, 0, bytes - 1, bytes));
    FD_TRY(fd_file_free_bytes(path, &free_bytes));
    if (free_bytes < bytes)
        FD_TRY(no_space(path, bytes, ENOSPC));
done:
    return err;
}

/* --- create -------------------------------------------------------------------------------------------------------------------------- */

static fd_error *attach_scale(hid_t file, const fd_column *c, const char *path)
{
    fd_error *err = NULL;
    hid_t set = -1, scale = -1;
    herr_t status = 0;
    FD_H5_TRY(set, H5Dopen2(file, c->path, H5P_DEFAULT), FD_IO, path, "cannot open", c->path);
    FD_H5_TRY(scale, H5Dopen2(file, c->scale, H5P_DEFAULT), FD_IO, path, "cannot open", c->scale);
    if (H5DSis_scale(scale) <= 0)
        FD_H5_TRY(status, H5DSset_scale(scale, c->scale + 1), FD_IO, path, "cannot make a dimension scale of", c->scale);
    for (unsigned axis = 0; axis < (c->scaled_axes == 2 ? 2U : 1U); axis++)
        FD_H5_TRY(status, H5DSattach_scale(set, scale, axis), FD_IO, path, "cannot attach a dimension scale to", c->path);
done:
    fd_h5_drop(scale);
    fd_h5_drop(set);
    return err;
}

/* The trees of chunks in one block of their own: chunks then lie side by side, which makes them quick to find (result_write.c). A few chunks are found
 * anyhow, and need no such block. */
static hsize_t metadata_block(const fd_column *columns, int n)
{
    int64_t bytes = 0;
    for (int i = 0; i < n; i++)
        bytes += chunks_of(&columns[i]) > 32 ? tree_bytes(&columns[i]) : 0;
    return (hsize_t)bytes;
}

static fd_error *new_file(const char *path, hsize_t metadata, hid_t *file)
{
    fd_error *err = NULL;
    hid_t access = -1, how = -1;
    herr_t status = 0;
    FD_H5_TRY(access, fd_h5_access(metadata), FD_NOMEM, path, "cannot create", "");
    FD_H5_TRY(how, H5Pcreate(H5P_FILE_CREATE), FD_NOMEM, path, "cannot create", "");
    FD_H5_TRY(status, H5Pset_obj_track_times(how, false), FD_NOMEM, path, "cannot create", "");
    FD_H5_TRY(*file, H5Fcreate(path, H5F_ACC_TRUNC, how, access), FD_IO, path, "cannot create", "");
done:
    fd_h5_drop(how);
    fd_h5_drop(access);
    return err;
}

static fd_error *fill_file(const char *path, const fd_column *columns, int n)
{
    fd_error *err = NULL;
    hid_t file = -1;
    herr_t status = 0;
    FD_TRY(new_file(path, metadata_block(columns, n), &file));
    for (int i = 0; i < n; i++)
        FD_TRY(fd_h5_dataset(file, &columns[i], path));
    for (int i = 0; i < n; i++)
        if (columns[i].scale)
            FD_TRY(attach_scale(file, &columns[i], path));
    hid_t closing = file;
    file = -1;
    FD_H5_TRY(status, H5Fclose(closing), FD_IO, path, "cannot write", "");
done:
    fd_h5_abandon(file);
    return err;
}

fd_error *fd_result_create(const char *temporary, const fd_column *columns, int n)
{
    fd_error *err = NULL;
    int64_t bytes = fd_result_predict(columns, n);
    fd_h5_quiet();
    FD_TRY(probe(temporary, bytes));
    FD_TRY(fill_file(temporary, columns, n));
    FD_TRY(reserve(temporary, 0, FALLOC_FL_KEEP_SIZE, 0, bytes));
done:
    if (err)
        unlink(temporary);
    return err;
}

/* --- create again -------------------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const fd_stretch *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* What the ranks write, in order of its place. */
static fd_error *contents_of(const char *path, const fd_column *columns, int n, fd_stretches *out)
{
    fd_error *err = NULL;
    fd_result_writer *w = NULL;
    FD_TRY(fd_result_writer_open(path, &w));
    for (int i = 0; i < n; i++)
        if (!columns[i].data && columns[i].type != FD_COL_TEXT && !columns[i].compress)
            FD_TRY(fd_result_stretches(w, columns[i].path, out));
    if (out->n > 0)
        qsort(out->stretch, out->n, sizeof *out->stretch, by_place);
done:
    fd_error_free(fd_result_writer_close(w));
    return err;
}

static fd_error *copy_bytes(int from, int to, const char *path, int64_t at, int64_t end)
{
    enum { PIECE = 1 << 16 };
    fd_error *err = NULL;
    uint8_t *bytes = NULL;
    FD_TRY(fd_alloc(&bytes, PIECE, 1));
    for (size_t n; at < end; at += (int64_t)n) {
        n = end - at < PIECE ? (size_t)(end - at) : PIECE;
        FD_TRY(fd_file_pread(from, path, bytes, n, at));
        FD_TRY(fd_file_pwrite(to, path, bytes, n, at));
    }
done:
    free(bytes);
    return err;
}

/* Copies all of the layout that is not contents, and cuts off what lies behind it. */
static fd_error *transplant(const char *layout, const char *path, const fd_stretches *contents)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    struct stat st, was;
    int64_t at = 0;
    int from = open(layout, O_RDONLY | O_CLOEXEC), to = open(path, O_RDWR | O_CLOEXEC);
    if (from < 0 || to < 0 || fstat(from, &st) != 0 || fstat(to, &was) != 0)
        FD_TRY(fd_file_error(from < 0 ? layout : path, "open", errno));
    if (was.st_size < st.st_size)
        FD_THROW(FD_FORMAT, "%s is not what an interrupted run of this command leaves", fd_escape(name, sizeof name, path));
    for (size_t i = 0; i < contents->n; i++) {
        FD_TRY(copy_bytes(from, to, path, at, contents->stretch[i].at));
        at = contents->stretch[i].at + contents->stretch[i].bytes;
    }
    FD_TRY(copy_bytes(from, to, path, at, (int64_t)st.st_size));
    if (ftruncate(to, st.st_size) != 0)
        FD_TRY(fd_file_error(path, "cut", errno));
done:
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return err;
}

fd_error *fd_result_recreate(const char *temporary, const fd_column *columns, int n)
{
    fd_error *err = NULL;
    fd_string layout = {0};
    fd_stretches contents = {0};
    fd_h5_quiet();
    FD_TRY(fd_string_add(&layout, "%s.layout", temporary));   /* sparse: its datasets were never written */
    FD_TRY(fill_file(layout.text, columns, n));
    FD_TRY(contents_of(layout.text, columns, n, &contents));
    FD_TRY(transplant(layout.text, temporary, &contents));
    FD_TRY(reserve(temporary, 0, FALLOC_FL_KEEP_SIZE, 0, fd_result_predict(columns, n)));
done:
    if (layout.text)
        unlink(layout.text);
    free(layout.text);
    free(contents.stretch);
    return err;
}

fd_error *fd_result_add(const char *temporary, const fd_column *columns, int n)
{
    fd_error *err = NULL;
    hid_t file = -1;
    herr_t status = 0;
    struct stat st;
    char name[FD_ESCAPED];
    int64_t free_bytes = 0, bytes = fd_result_predict(columns, n);
    FD_TRY(fd_file_free_bytes(temporary, &free_bytes));
    if (bytes > free_bytes)
        FD_TRY(no_space(temporary, bytes, ENOSPC));
    FD_TRY(fd_h5_open(temporary, H5F_ACC_RDWR, &file));
    for (int i = 0; i < n; i++)
        FD_TRY(fd_h5_dataset(file, &columns[i], temporary));
    hid_t closing = file;
    file = -1;
    FD_H5_TRY(status, H5Fclose(closing), FD_IO, temporary, "cannot write", "");
    if (stat(temporary, &st) != 0)
        FD_THROW(FD_IO, "%s: %s", fd_escape(name, sizeof name, temporary), strerror(errno));
    FD_TRY(reserve(temporary, 0, FALLOC_FL_KEEP_SIZE, 0, (int64_t)st.st_size + RUN_BYTES));
done:
    fd_h5_abandon(file);
    return err;
}

fd_error *fd_result_annotate(const char *temporary, const char *path, const fd_attribute *attributes, int n)
{
    fd_error *err = NULL;
    hid_t file = -1, set = -1;
    herr_t status = 0;
    FD_TRY(fd_h5_open(temporary, H5F_ACC_RDWR, &file));
    FD_H5_TRY(set, H5Dopen2(file, path, H5P_DEFAULT), FD_FORMAT, temporary, "cannot open", path);
    FD_TRY(fd_h5_attributes(set, attributes, n, temporary, path));
    fd_h5_drop(set);
    set = -1;
    hid_t closing = file;
    file = -1;
    FD_H5_TRY(status, H5Fclose(closing), FD_IO, temporary, "cannot write", "");
done:
    fd_h5_drop(set);
    fd_h5_abandon(file);
    return err;
}

/* --- commit -------------------------------------------------------------------------------------------------------------------------- */

static fd_error *add_run(const char *path, const fd_attribute *run, int n_run, const fd_column *tables, int n_tables)
{
    fd_error *err = NULL;
    hid_t file = -1, group = -1;
    herr_t status = 0;
    FD_TRY(fd_h5_open(path, H5F_ACC_RDWR, &file));
    FD_H5_TRY(group, H5Gcreate2(file, "/run", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), FD_IO, path, "cannot make", "/run");
    FD_TRY(fd_h5_attributes(group, run, n_run, path, "/run"));
    for (int i = 0; i < n_tables; i++)
        FD_TRY(fd_h5_dataset(file, &tables[i], path));
    fd_h5_drop(group);
    group = -1;
    hid_t closing = file;
    file = -1;
    FD_H5_TRY(status, H5Fclose(closing), FD_IO, path, "cannot write", "");
done:
    fd_h5_drop(group);
    fd_h5_abandon(file);
    return err;
}

/* Cuts off what was reserved and not used, and makes the file durable. */
static fd_error *finish(const char *path)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    fd_escape(name, sizeof name, path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (end < 0 || ftruncate(fd, end) != 0 || fsync(fd) != 0)
        FD_THROW(errno == ENOSPC || errno == EDQUOT ? FD_NOSPACE : FD_IO, "%s: %s", name, strerror(errno));
done:
    if (fd >= 0)
        close(fd);
    return err;
}

fd_error *fd_result_commit(const char *temporary, const char *final, const fd_attribute *run, int n_run, const fd_column *tables, int n_tables)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    FD_TRY(add_run(temporary, run, n_run, tables, n_tables));
    FD_TRY(finish(temporary));
    if (rename(temporary, final) != 0)
        FD_THROW(FD_IO, "%s: %s", fd_escape(name, sizeof name, final), strerror(errno));
    FD_TRY(fd_file_sync_folder_of(final));
done:
    if (err)
        unlink(temporary); /* gone already when only the folder's sync failed */
    return err;
}
