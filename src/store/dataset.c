/* One dataset of a new result file: type, space, layout, data, attributes. */
#include <assert.h>
#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/h5.h"

static hid_t enum_type(const fd_column *c)
{
    assert(c->type == FD_COL_U8 && c->n_labels <= 256);
    hid_t type = H5Tenum_create(H5T_STD_U8LE);
    for (int i = 0; i < c->n_labels && type >= 0; i++) {
        uint8_t value = (uint8_t)i;
        if (H5Tenum_insert(type, c->labels[i], &value) < 0) {
            H5Tclose(type);
            return -1;
        }
    }
    return type;
}

/* The type in the file, which is also how the data lie in memory. */
static hid_t column_type(const fd_column *c)
{
    if (c->type == FD_COL_TEXT)
        return fd_h5_text_type();
    if (c->type == FD_COL_F16)
        return fd_h5_half_type();
    return c->n_labels > 0 ? enum_type(c) : H5Tcopy(fd_h5_memory_type(c->type));
}

static bool is_chunked(const fd_column *c)
{
    for (int i = 0; i < c->rank; i++)
        if (c->chunk[i] <= 0 || c->dim[i] == 0)
            return false;
    return c->rank > 0;
}

/* Space for numbers is allocated now and never filled: all of it is written later, perhaps by other ranks. */
static hid_t creation(const fd_column *c)
{
    hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    if (how < 0)
        return how;
    herr_t status = H5Pset_obj_track_times(how, false);
    if (status >= 0 && c->type != FD_COL_TEXT) {
        status = H5Pset_alloc_time(how, c->compress && is_chunked(c) ? H5D_ALLOC_TIME_INCR : H5D_ALLOC_TIME_EARLY);
        if (status >= 0)
            status = H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
    }
    if (status >= 0 && is_chunked(c)) {
        hsize_t chunk[4];
        for (int i = 0; i < c->rank; i++) /* HDF5 wants no chunk larger than a fixed dimension */
            chunk[i] = (hsize_t)(c->chunk[i] < c->dim[i] ? c->chunk[i] : c->dim[i]);
        status = H5Pset_chunk(how, c->rank, chunk);
        if (status >= 0 && c->compress)
            status = H5Pset_shuffle(how) < 0 ? -1 : H5Pset_deflate(how, FD_DEFLATE_LEVEL);
    }
    if (status < 0) {
        H5Pclose(how);
        return -1;
    }
    return how;
}

static hid_t column_space(const fd_column *c)
{
    hsize_t dim[4];
    assert(c->rank >= 0 && c->rank <= 4);
    for (int i = 0; i < c->rank; i++) {
        assert(c->dim[i] >= 0);
        dim[i] = (hsize_t)c->dim[i];
    }
    return c->rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(c->rank, dim, NULL);
}

/* Cuts "face, (x, y)" at its outer commas, in place: "face" and "(x, y)". How many there are; the first four are stored. */
static int cut_names(char *axes, char *name[4])
{
    int n = 0, depth = 0;
    char *start = axes;
    for (char *at = axes;; at++) {
        bool ends = *at == '\0';
        depth += (*at == '(') - (*at == ')');
        if (!ends && (*at != ',' || depth > 0))
            continue;
        *at = '\0';
        if (n < 4)
            name[n] = start + strspn(start, " ");
        n++;
        start = at + 1;
        if (ends)
            return n;
    }
}

/* A text with another number of names than axes is only an attribute. */
static fd_error *label_axes(hid_t set, const fd_column *c, const char *axes, const char *path)
{
    fd_error *err = NULL;
    char *names = NULL, *name[4];
    herr_t status = 0;
    FD_TRY(fd_strdup(&names, axes));
    int n = cut_names(names, name);
    for (int i = 0; i < c->rank && n == c->rank; i++)
        FD_H5_TRY(status, H5DSset_label(set, (unsigned)i, name[i]), FD_IO, path, "cannot label an axis of", c->path);
done:
    free(names);
    return err;
}

static int64_t elements(const fd_column *c)
{
    int64_t n = 1;
    for (int i = 0; i < c->rank; i++)
        n *= c->dim[i];
    return n;
}

fd_error *fd_h5_dataset(hid_t file, const fd_column *c, const char *path)
{
    fd_error *err = NULL;
    hid_t type = -1, space = -1, how = -1, link = -1, set = -1;
    herr_t status = 0;
    assert(c->data || c->type != FD_COL_TEXT || elements(c) == 0);
    FD_H5_TRY(type, column_type(c), FD_NOMEM, path, "cannot make the type of", c->path);
    FD_H5_TRY(space, column_space(c), FD_NOMEM, path, "cannot make the shape of", c->path);
    FD_H5_TRY(how, creation(c), FD_NOMEM, path, "cannot lay out", c->path);
    FD_H5_TRY(link, H5Pcreate(H5P_LINK_CREATE), FD_NOMEM, path, "cannot make", c->path);
    FD_H5_TRY(status, H5Pset_create_intermediate_group(link, 1), FD_NOMEM, path, "cannot make the group of", c->path);
    FD_H5_TRY(set, H5Dcreate2(file, c->path, type, space, link, how, H5P_DEFAULT), FD_IO, path, "cannot make", c->path);
    if (c->data && elements(c) > 0)
        FD_H5_TRY(status, H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, c->data), FD_IO, path, "cannot write", c->path);
    FD_TRY(fd_h5_attributes(set, c->attributes, c->n_attributes, path, c->path));
    for (int i = 0; i < c->n_attributes; i++)
        if (strcmp(c->attributes[i].name, "axes") == 0)
            FD_TRY(label_axes(set, c, c->attributes[i].text, path));
done:
    fd_h5_drop(set);
    fd_h5_drop(link);
    fd_h5_drop(how);
    fd_h5_drop(space);
    fd_h5_drop(type);
    return err;
}
