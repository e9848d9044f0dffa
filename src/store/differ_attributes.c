/* Attributes of one object, in both files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/walk.h"

typedef struct names {
    char **name;
    size_t n, capacity;
    fd_error *err;
} names;

void fd_names_free(char **list, int n)
{
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static herr_t note(hid_t object, const char *name, const H5A_info_t *info, void *self)
{
    names *list = self;
    fd_error *err = NULL;
    (void)object;
    (void)info;
    FD_TRY(fd_grow(&list->name, &list->capacity, list->n + 1, sizeof *list->name));
    FD_TRY(fd_strdup(&list->name[list->n], name));
    list->n++;
done:
    list->err = err;
    return err ? -1 : 0;
}

/* Attribute names in increasing order. */
static fd_error *names_of(fd_result *r, const char *path, names *out)
{
    fd_error *err = NULL;
    hid_t object = -1;
    herr_t status = 0;
    FD_H5_TRY(object, H5Oopen(r->file, path, H5P_DEFAULT), FD_FORMAT, r->path, "cannot open", path);
    status = H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, note, out);
    FD_TRY(out->err);
    FD_H5_TRY(status, status, FD_FORMAT, r->path, "cannot list the attributes of", path);
done:
    fd_h5_drop(object);
    return err;
}

/* One attribute of one file, with its value as the file has it. */
typedef struct value {
    hid_t attribute, type;
    fd_extent extent;
    size_t n, bytes; /* elements; bytes of all of them in memory */
    bool text; /* variable-length */
    void *data;
} value;

static fd_error *open_value(fd_result *r, const char *path, const char *name, value *v)
{
    fd_error *err = NULL;
    hid_t space = -1;
    hssize_t count = 0;
    *v = (value){.attribute = -1, .type = -1};
    FD_H5_TRY(v->attribute, H5Aopen_by_name(r->file, path, name, H5P_DEFAULT, H5P_DEFAULT), FD_FORMAT, r->path, "cannot open attribute", name);
    FD_H5_TRY(v->type, H5Aget_type(v->attribute), FD_FORMAT, r->path, "cannot read attribute", name);
    FD_H5_TRY(space, H5Aget_space(v->attribute), FD_FORMAT, r->path, "cannot read attribute", name);
    FD_H5_TRY(v->extent.rank, H5Sget_simple_extent_dims(space, v->extent.dim, NULL), FD_FORMAT, r->path, "cannot read attribute", name);
    FD_H5_TRY(count, H5Sget_simple_extent_npoints(space), FD_FORMAT, r->path, "cannot read attribute", name);
    v->n = (size_t)count;
    v->text = H5Tis_variable_str(v->type) > 0;
    v->bytes = v->n * H5Tget_size(v->type);
done:
    fd_h5_drop(space);
    return err;
}

static void close_value(value *v)
{
    if (v->text)
        fd_text_release(v->data, v->data ? v->n : 0);
    else
        free(v->data);
    fd_h5_drop(v->type);
    fd_h5_drop(v->attribute);
}

static fd_error *read_value(fd_result *r, const char *name, value *v)
{
    fd_error *err = NULL;
    herr_t status = 0;
    char file[FD_ESCAPED];
    if ((int64_t)v->n > r->bytes || (!v->text && (int64_t)v->bytes > r->bytes)) /* attributes are stored, never filled in */
        FD_THROW(FD_FORMAT, "%s: attribute %s claims more than the file holds", fd_escape(file, sizeof file, r->path), name);
    FD_TRY(fd_alloc(&v->data, v->bytes + 1, 1));
    if (v->n > 0)
        FD_H5_TRY(status, H5Aread(v->attribute, v->type, v->data), FD_FORMAT, r->path, "cannot read attribute", name);
done:
    return err;
}

static bool values_differ(const value *x, const value *y)
{
    bool differ = !x->text && memcmp(x->data, y->data, x->bytes) != 0;
    for (size_t i = 0; x->text && i < x->n && !differ; i++) {
        const char *s = ((char **)x->data)[i], *t = ((char **)y->data)[i];
        differ = strcmp(s ? s : "", t ? t : "") != 0;
    }
    return differ;
}

static fd_error *compare_attribute(fd_differ *d, const char *path, const char *name, const char *label)
{
    fd_error *err = NULL;
    value x = {.attribute = -1, .type = -1}, y = {.attribute = -1, .type = -1};
    bool same_type = false, same_shape = false;
    d->sum->attributes++;
    FD_TRY(open_value(d->a, path, name, &x));
    FD_TRY(open_value(d->b, path, name, &y));
    /* References are places in a file; variable-length lists are how dimension scales keep them. */
    bool places = H5Tdetect_class(x.type, H5T_REFERENCE) > 0 || (!x.text && H5Tdetect_class(x.type, H5T_VLEN) > 0);
    FD_TRY(fd_differ_type(d, label, x.type, y.type, &same_type));
    FD_TRY(fd_differ_shape(d, label, &x.extent, &y.extent, &same_shape));
    if (!same_type || !same_shape || places)
        goto done;
    FD_TRY(read_value(d->a, name, &x));
    FD_TRY(read_value(d->b, name, &y));
    if (values_differ(&x, &y))
        FD_TRY(fd_differ_say(d, (fd_difference){label, "attribute", "", -1, NAN}));
done:
    close_value(&x);
    close_value(&y);
    return err;
}

fd_error *fd_differ_attributes(fd_differ *d, const char *path)
{
    fd_error *err = NULL;
    names a = {0}, b = {0};
    fd_string label = {0};
    FD_TRY(names_of(d->a, path, &a));
    FD_TRY(names_of(d->b, path, &b));
    for (size_t i = 0, j = 0; i < a.n || j < b.n;) {
        int order = i == a.n ? 1 : j == b.n ? -1 : strcmp(a.name[i], b.name[j]);
        const char *name = order <= 0 ? a.name[i] : b.name[j];
        label.length = 0;
        FD_TRY(fd_string_add(&label, "%s@%s", path, name));
        FD_TRY(order == 0 ? compare_attribute(d, path, name, label.text)
                          : fd_differ_say(
                                d, (fd_difference){label.text, order < 0 ? "only in the first file" : "only in the second file", "", -1, NAN}));
        i += order <= 0;
        j += order >= 0;
    }
done:
    free(label.text);
    fd_names_free(a.name, (int)a.n);
    fd_names_free(b.name, (int)b.n);
    return err;
}
