/* Reading results, our own and those that others wrote: a file is hostile until read. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/read.h"

fd_error *fd_result_open(const char *path, fd_result **out)
{
    fd_error *err = NULL;
    fd_result *r = NULL;
    struct stat st;
    FD_TRY(fd_alloc(&r, 1, sizeof *r));
    r->file = -1;
    FD_TRY(fd_strdup(&r->path, path));
    FD_TRY(fd_h5_open(path, H5F_ACC_RDONLY, &r->file));
    r->bytes = stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
    *out = r;
    r = NULL;
done:
    fd_result_close(r);
    return err;
}

void fd_result_close(fd_result *r)
{
    if (!r)
        return;
    fd_h5_abandon(r->file);
    free(r->path);
    free(r);
}

bool fd_result_has(fd_result *r, const char *path)
{
    /* H5Oexists_by_name wants every group on the way to exist. */
    char *copy = NULL;
    fd_error *err = fd_strdup(&copy, path);
    bool found = !err;
    fd_error_free(err);
    for (char *slash = found ? strchr(copy + 1, '/') : NULL; slash && found; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        found = H5Lexists(r->file, copy, H5P_DEFAULT) > 0;
        *slash = '/';
    }
    found = found && (strcmp(copy, "/") == 0 || H5Oexists_by_name(r->file, copy, H5P_DEFAULT) > 0);
    H5Eclear2(H5E_DEFAULT);
    free(copy);
    return found;
}

fd_error *fd_table_open(fd_result *r, const char *path, fd_table *t)
{
    fd_error *err = NULL;
    hid_t space = -1;
    int rank = 0;
    char name[FD_ESCAPED];
    *t = (fd_table){.set = -1, .type = -1};
    if (!fd_result_has(r, path))
        FD_THROW(FD_FORMAT, "%s: no %s in it", fd_escape(name, sizeof name, r->path), path);
    FD_H5_TRY(t->set, H5Dopen2(r->file, path, H5P_DEFAULT), FD_FORMAT, r->path, "cannot open", path);
    FD_H5_TRY(t->type, H5Dget_type(t->set), FD_FORMAT, r->path, "cannot read the type of", path);
    FD_H5_TRY(space, H5Dget_space(t->set), FD_FORMAT, r->path, "cannot read the shape of", path);
    FD_H5_TRY(rank, H5Sget_simple_extent_ndims(space), FD_FORMAT, r->path, "cannot read the shape of", path);
    FD_H5_TRY(t->rank, H5Sget_simple_extent_dims(space, t->dim, NULL), FD_FORMAT, r->path, "cannot read the shape of", path);
    if (H5Sget_simple_extent_type(space) == H5S_NULL) /* h5py's Empty */
        t->dim[t->rank++] = 0;
    t->rows = t->rank > 0 ? t->dim[0] : 1;
    t->columns = 1;
    for (int i = 1; i < t->rank; i++)
        if (__builtin_mul_overflow(t->columns, t->dim[i], &t->columns))
            FD_THROW(FD_FORMAT, "%s: impossible shape of %s", fd_escape(name, sizeof name, r->path), path);
done:
    fd_h5_drop(space);
    if (err)
        fd_table_close(t);
    return err;
}

void fd_table_close(fd_table *t)
{
    fd_h5_drop(t->set);
    fd_h5_drop(t->type);
    t->set = t->type = -1;
}

/* Deflate shrinks by at most 1032. Whatever the header claims, a dataset cannot hold more than that of the file's size; 64 MiB is let pass for
 * what is not stored because it was never written. */
static fd_error *check_size(const fd_result *r, const char *path, hsize_t rows, hsize_t columns, size_t item, size_t *n)
{
    char name[FD_ESCAPED];
    hsize_t count = 0, bytes = 0;
    if (__builtin_mul_overflow(rows, columns, &count) || __builtin_mul_overflow(count, (hsize_t)item, &bytes) ||
        bytes > (hsize_t)r->bytes * 1032 + (64 << 20))
        return FD_FAIL(FD_FORMAT, "%s: %s claims more data than the file can hold", fd_escape(name, sizeof name, r->path), path);
    *n = (size_t)count;
    return NULL;
}

fd_error *fd_table_read(fd_result *r, const fd_table *t, const char *path, hid_t memory, hsize_t first, hsize_t count, void **data)
{
    fd_error *err = NULL;
    hid_t space = -1, window = -1;
    herr_t status = 0;
    hsize_t start[H5S_MAX_RANK] = {first}, extent[H5S_MAX_RANK];
    size_t n = 0, item = H5Tget_size(memory);
    *data = NULL;
    FD_TRY(check_size(r, path, count, t->columns, item, &n));
    FD_TRY(fd_alloc(data, n, item));
    if (n == 0)
        return NULL;
    memcpy(extent, t->dim, sizeof extent);
    extent[0] = count;
    FD_H5_TRY(space, H5Dget_space(t->set), FD_FORMAT, r->path, "cannot read", path);
    if (t->rank > 0) {
        FD_H5_TRY(status, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL), FD_FORMAT, r->path, "cannot read", path);
        FD_H5_TRY(window, H5Screate_simple(t->rank, extent, NULL), FD_NOMEM, r->path, "cannot read", path);
    }
    FD_H5_TRY(status, H5Dread(t->set, memory, t->rank > 0 ? window : H5S_ALL, t->rank > 0 ? space : H5S_ALL, H5P_DEFAULT, *data), FD_FORMAT,
              r->path, "cannot read", path);
done:
    fd_h5_drop(window);
    fd_h5_drop(space);
    if (err && H5Tis_variable_str(memory) > 0)
        fd_text_release(*data, *data ? n : 0);
    else if (err)
        free(*data);
    if (err)
        *data = NULL;
    return err;
}

void fd_text_release(char **text, size_t n)
{
    for (size_t i = 0; text && i < n; i++)
        free(text[i]);
    free(text);
}

/* char *[n] and all its bytes in one block. length(i) of a fixed string is up to its first zero byte. */
static fd_error *pack_text(const char *bytes, size_t item, char *const *text, size_t n, void **out)
{
    fd_error *err = NULL;
    size_t total = 0;
    char **packed = NULL;
    for (size_t i = 0; i < n; i++)
        total += (text ? (text[i] ? strlen(text[i]) : 0) : strnlen(bytes + i * item, item)) + 1;
    FD_TRY(fd_alloc(&packed, n * sizeof(char *) + total, 1));
    char *at = (char *)(packed + n);
    for (size_t i = 0; i < n; i++) {
        const char *from = text ? (text[i] ? text[i] : "") : bytes + i * item;
        size_t length = text ? strlen(from) : strnlen(from, item);
        packed[i] = at;
        memcpy(at, from, length);
        at += length + 1; /* the block is zeroed */
    }
    *out = packed;
done:
    return err;
}

static fd_error *read_text(fd_result *r, const fd_table *t, const char *path, hsize_t first, hsize_t count, void **out)
{
    fd_error *err = NULL;
    void *data = NULL;
    hid_t memory = -1;
    bool variable = H5Tis_variable_str(t->type) > 0;
    size_t n = (size_t)(count * t->columns);
    /* As the file has it: HDF5 refuses to convert between character sets, and bytes are wanted anyway. */
    FD_H5_TRY(memory, H5Tcopy(t->type), FD_NOMEM, r->path, "cannot read", path);
    FD_TRY(fd_table_read(r, t, path, memory, first, count, &data));
    FD_TRY(pack_text(data, H5Tget_size(memory), variable ? data : NULL, n, out));
done:
    if (variable)
        fd_text_release(data, data ? n : 0);
    else
        free(data);
    fd_h5_drop(memory);
    return err;
}

fd_error *fd_result_shape(fd_result *r, const char *path, int *rank, int64_t dim[4])
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    fd_table t;
    FD_TRY(fd_table_open(r, path, &t));
    if (t.rank > 4)
        err = FD_FAIL(FD_FORMAT, "%s: %s has %d axes", fd_escape(name, sizeof name, r->path), path, t.rank);
    for (int i = 0; i < t.rank && !err; i++)
        dim[i] = (int64_t)t.dim[i];
    *rank = t.rank;
    fd_table_close(&t);
done:
    return err;
}

fd_error *fd_result_read(fd_result *r, const char *path, fd_column_type type, int64_t first, int64_t count, void **data, int64_t *n_rows)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    fd_table t = {.set = -1, .type = -1};
    *data = NULL;
    FD_TRY(fd_table_open(r, path, &t));
    H5T_class_t class = H5Tget_class(t.type);
    bool is_text = class == H5T_STRING, is_number = class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM;
    if (type == FD_COL_TEXT ? !is_text : !is_number)
        FD_THROW(FD_FORMAT, "%s: %s is not %s", fd_escape(name, sizeof name, r->path), path, type == FD_COL_TEXT ? "text" : "numbers");
    if (first < 0 || (hsize_t)first > t.rows || (count >= 0 && (hsize_t)count > t.rows - (hsize_t)first))
        FD_THROW(FD_FORMAT, "%s: %s has %llu rows, asked for %lld from %lld", fd_escape(name, sizeof name, r->path), path,
                 (unsigned long long)t.rows, (long long)count, (long long)first);
    hsize_t rows = count < 0 ? t.rows - (hsize_t)first : (hsize_t)count;
    FD_TRY(type == FD_COL_TEXT ? read_text(r, &t, path, (hsize_t)first, rows, data)
                               : fd_table_read(r, &t, path, fd_h5_memory_type(type), (hsize_t)first, rows, data));
    *n_rows = (int64_t)rows;
done:
    fd_table_close(&t);
    return err;
}

/* --- attributes and names ------------------------------------------------------------------------------------------------------------ */

static fd_error *attribute_text(fd_result *r, hid_t attribute, const char *name, char **text)
{
    fd_error *err = NULL;
    hid_t type = -1, space = -1;
    char *value = NULL, file[FD_ESCAPED];
    herr_t status = 0;
    bool variable = false;
    FD_H5_TRY(type, H5Aget_type(attribute), FD_FORMAT, r->path, "cannot read attribute", name);
    FD_H5_TRY(space, H5Aget_space(attribute), FD_FORMAT, r->path, "cannot read attribute", name);
    if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1)
        FD_THROW(FD_FORMAT, "%s: attribute %s is not one text", fd_escape(file, sizeof file, r->path), name);
    variable = H5Tis_variable_str(type) > 0;
    if (variable) {
        FD_H5_TRY(status, H5Aread(attribute, type, &value), FD_FORMAT, r->path, "cannot read attribute", name);
        FD_TRY(fd_strdup(text, value ? value : ""));
    } else {
        FD_TRY(fd_alloc(text, H5Tget_size(type) + 1, 1));
        FD_H5_TRY(status, H5Aread(attribute, type, *text), FD_FORMAT, r->path, "cannot read attribute", name);
    }
done:
    if (variable)
        free(value);
    fd_h5_drop(space);
    fd_h5_drop(type);
    if (err) {
        free(*text);
        *text = NULL;
    }
    return err;
}

fd_error *fd_result_attribute(fd_result *r, const char *path, const char *name, char **text)
{
    fd_error *err = NULL;
    hid_t attribute = -1;
    *text = NULL;
    path = path ? path : "/run";
    if (!fd_result_has(r, path) || H5Aexists_by_name(r->file, path, name, H5P_DEFAULT) <= 0) {
        H5Eclear2(H5E_DEFAULT);
        return NULL;
    }
    FD_H5_TRY(attribute, H5Aopen_by_name(r->file, path, name, H5P_DEFAULT, H5P_DEFAULT), FD_FORMAT, r->path, "cannot open attribute", name);
    FD_TRY(attribute_text(r, attribute, name, text));
done:
    fd_h5_drop(attribute);
    return err;
}

typedef struct found {
    char **path;
    size_t n, capacity;
    H5O_type_t type;
    fd_error *err;
} found;

static herr_t note(hid_t root, const char *name, const H5O_info_t *info, void *self)
{
    found *f = self;
    (void)root;
    if (info->type != f->type || strcmp(name, ".") == 0)
        return 0;
    fd_error *err = NULL;
    FD_TRY(fd_grow(&f->path, &f->capacity, f->n + 1, sizeof *f->path));
    FD_TRY(fd_alloc(&f->path[f->n], strlen(name) + 2, 1));
    f->path[f->n][0] = '/';
    memcpy(f->path[f->n++] + 1, name, strlen(name));
done:
    f->err = err;
    return err ? -1 : 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

fd_error *fd_result_objects(fd_result *r, int groups, char ***paths, int *n)
{
    fd_error *err = NULL;
    herr_t status = 0;
    found f = {.type = groups ? H5O_TYPE_GROUP : H5O_TYPE_DATASET};
    status = H5Ovisit2(r->file, H5_INDEX_NAME, H5_ITER_INC, note, &f, H5O_INFO_BASIC);
    FD_TRY(f.err);
    FD_H5_TRY(status, status, FD_FORMAT, r->path, "cannot list", "");
    if (f.n > 0)
        qsort(f.path, f.n, sizeof *f.path, by_bytes);
    *paths = f.path;
    *n = (int)f.n;
    return NULL;
done:
    for (size_t i = 0; i < f.n; i++)
        free(f.path[i]);
    free(f.path);
    return err;
}

fd_error *fd_result_list(fd_result *r, char ***paths, int *n)
{
    return fd_result_objects(r, 0, paths, n);
}

#define DIGITS_OF(number) #number
#define DIGITS(number) DIGITS_OF(number)

const char *fd_store_library(void)
{
    return "HDF5 " DIGITS(H5_VERS_MAJOR) "." DIGITS(H5_VERS_MINOR) "." DIGITS(H5_VERS_RELEASE);
}
