/* Rank 0's part of writing a result: make the file, reserve its space, commit it. */
#include <errno.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/h5.h"

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

/* Reserves the first `bytes` of the file. Where the file system cannot reserve (some network ones), its free space is looked at instead, and a
 * full disk shows in the writes. */
static fd_error *reserve(const char *path, int flags, int mode, int64_t bytes)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    int64_t free_bytes = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        FD_THROW(FD_IO, "%s: %s", fd_escape(name, sizeof name, path), strerror(errno));
    int number = 0;
    do {
        number = fallocate(fd, mode, 0, bytes) == 0 ? 0 : errno;
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
    if (file >= 0)
        H5Fclose(file);
    return err;
}

fd_error *fd_result_create(const char *temporary, const fd_column *columns, int n)
{
    fd_error *err = NULL;
    int64_t bytes = fd_result_predict(columns, n);
    fd_h5_quiet();
    /* First to learn whether there is room, while nothing was written; HDF5's create then truncates the file, so once more to keep it. */
    FD_TRY(reserve(temporary, O_CREAT | O_TRUNC, 0, bytes));
    FD_TRY(fill_file(temporary, columns, n));
    FD_TRY(reserve(temporary, 0, FALLOC_FL_KEEP_SIZE, bytes));
done:
    if (err)
        unlink(temporary);
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
    FD_TRY(reserve(temporary, 0, FALLOC_FL_KEEP_SIZE, (int64_t)st.st_size + RUN_BYTES));
done:
    if (file >= 0)
        H5Fclose(file);
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
    if (file >= 0)
        H5Fclose(file);
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
