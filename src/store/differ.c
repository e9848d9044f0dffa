#include "store/differ.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/walk.h"

enum { SLAB_BYTES = 16 << 20 }; /* of each file, at a time */

static bool is_number(hid_t type)
{
    H5T_class_t class = H5Tget_class(type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM;
}

fd_error *fd_differ_say(fd_differ *d, fd_difference difference)
{
    d->sum->differences++;
    return d->each(d->self, &difference);
}

/* "u8", "f32", "enum u8", "text": enough for people to see what differs. */
static void type_text(hid_t type, char *out, size_t size)
{
    size_t bits = 8 * H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        snprintf(out, size, "%c%zu", H5Tget_sign(type) == H5T_SGN_NONE ? 'u' : 'i', bits);
        break;
    case H5T_FLOAT:
        snprintf(out, size, "f%zu", bits);
        break;
    case H5T_ENUM:
        snprintf(out, size, "enum of %zu bits", bits);
        break;
    case H5T_STRING:
        snprintf(out, size, H5Tis_variable_str(type) > 0 ? "text" : "text of %zu bytes", bits / 8);
        break;
    default:
        snprintf(out, size, "class %d of %zu bytes", (int)H5Tget_class(type), bits / 8);
    }
}

fd_error *fd_differ_type(fd_differ *d, const char *path, hid_t a, hid_t b, bool *same)
{
    char first[40], second[40], detail[96];
    *same = H5Tequal(a, b) > 0;
    if (*same)
        return NULL;
    type_text(a, first, sizeof first);
    type_text(b, second, sizeof second);
    bool alike = strcmp(first, second) == 0; /* byte order, labels of an enum, character set */
    snprintf(detail, sizeof detail, alike ? "both %s, in another form" : "%s, %s", first, second);
    return fd_differ_say(d, (fd_difference){path, "type", detail, -1, NAN});
}

static void shape_text(const hsize_t *dim, int rank, char *out, size_t size)
{
    size_t used = 0;
    snprintf(out, size, rank == 0 ? "one value" : "");
    for (int i = 0; i < rank && used + 24 < size; i++)
        used += (size_t)snprintf(out + used, size - used, "[%llu]", (unsigned long long)dim[i]);
}

fd_error *fd_differ_shape(fd_differ *d, const char *path, const fd_extent *a, const fd_extent *b, bool *same)
{
    char first[96], second[96], detail[200];
    *same = a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
    if (*same)
        return NULL;
    shape_text(a->dim, a->rank, first, sizeof first);
    shape_text(b->dim, b->rank, second, sizeof second);
    snprintf(detail, sizeof detail, "%s, %s", first, second);
    return fd_differ_say(d, (fd_difference){path, "shape", detail, -1, NAN});
}

/* --- the values of one dataset ------------------------------------------------------------------------------------------------------- */

typedef struct pair {
    fd_differ *d;
    const char *path;
    fd_table a, b;
    size_t item;
    bool text; /* variable-length: pointers, not bytes */
    int64_t elements; /* differing so far */
    hsize_t first; /* linear index of the first */
    double largest;
} pair;

static bool element_differs(const pair *p, const void *x, const void *y, size_t i)
{
    if (!p->text)
        return memcmp((const char *)x + i * p->item, (const char *)y + i * p->item, p->item) != 0;
    const char *s = ((char *const *)x)[i], *t = ((char *const *)y)[i];
    return strcmp(s ? s : "", t ? t : "") != 0;
}

/* The largest difference in a slab that is known to differ. */
static fd_error *measure(pair *p, hsize_t first, hsize_t count)
{
    fd_error *err = NULL;
    double *x = NULL, *y = NULL;
    FD_TRY(fd_table_read(p->d->a, &p->a, p->path, H5T_NATIVE_DOUBLE, first, count, (void **)&x));
    FD_TRY(fd_table_read(p->d->b, &p->b, p->path, H5T_NATIVE_DOUBLE, first, count, (void **)&y));
    for (size_t i = 0; i < (size_t)(count * p->a.columns); i++) {
        double difference = x[i] == y[i] ? 0 : fabs(x[i] - y[i]);
        if (difference > p->largest || (isnan(p->largest) && !isnan(difference)))
            p->largest = difference;
    }
done:
    free(x);
    free(y);
    return err;
}

static fd_error *compare_slab(pair *p, hsize_t first, hsize_t count)
{
    fd_error *err = NULL;
    void *x = NULL, *y = NULL;
    size_t n = (size_t)(count * p->a.columns);
    int64_t before = p->elements;
    FD_TRY(fd_table_read(p->d->a, &p->a, p->path, p->a.type, first, count, &x));
    FD_TRY(fd_table_read(p->d->b, &p->b, p->path, p->b.type, first, count, &y));
    p->d->sum->bytes += (int64_t)(n * p->item);
    if (p->text || memcmp(x, y, n * p->item) != 0)
        for (size_t i = 0; i < n; i++)
            if (element_differs(p, x, y, i) && p->elements++ == 0)
                p->first = first * p->a.columns + i;
    if (p->elements > before && is_number(p->a.type))
        FD_TRY(measure(p, first, count));
done:
    if (p->text) {
        fd_text_release(x, x ? n : 0);
        fd_text_release(y, y ? n : 0);
    } else {
        free(x);
        free(y);
    }
    return err;
}

static void place_text(const fd_table *t, hsize_t at, char *out, size_t size)
{
    hsize_t index[H5S_MAX_RANK + 1];
    for (int i = t->rank - 1; i >= 0; i--) {
        index[i] = at % t->dim[i];
        at /= t->dim[i];
    }
    shape_text(index, t->rank, out, size);
}

static fd_error *compare_values(pair *p)
{
    fd_error *err = NULL;
    char place[96];
    p->item = H5Tget_size(p->a.type);
    p->text = H5Tis_variable_str(p->a.type) > 0;
    p->largest = NAN;
    if (!p->text && H5Tdetect_class(p->a.type, H5T_VLEN) > 0)
        return fd_differ_say(p->d, (fd_difference){p->path, "cannot be compared", "lists of variable length", -1, NAN});
    if (H5Tdetect_class(p->a.type, H5T_REFERENCE) > 0)
        return NULL;
    hsize_t step = SLAB_BYTES / p->item;
    step = p->a.columns == 0 || step / p->a.columns == 0 ? 1 : step / p->a.columns;
    for (hsize_t row = 0; row < p->a.rows && p->a.columns > 0; row += step)
        FD_TRY(compare_slab(p, row, p->a.rows - row < step ? p->a.rows - row : step));
    if (p->elements == 0)
        return NULL;
    place_text(&p->a, p->first, place, sizeof place);
    FD_TRY(fd_differ_say(p->d, (fd_difference){p->path, "values", place, p->elements, p->largest}));
done:
    return err;
}

static fd_error *compare_dataset(fd_differ *d, const char *path)
{
    fd_error *err = NULL;
    pair p = {.d = d, .path = path, .a = {.set = -1, .type = -1}, .b = {.set = -1, .type = -1}};
    fd_extent x, y;
    bool same_type = false, same_shape = false;
    d->sum->datasets++;
    FD_TRY(fd_table_open(d->a, path, &p.a));
    FD_TRY(fd_table_open(d->b, path, &p.b));
    x.rank = p.a.rank;
    y.rank = p.b.rank;
    memcpy(x.dim, p.a.dim, sizeof p.a.dim);
    memcpy(y.dim, p.b.dim, sizeof p.b.dim);
    FD_TRY(fd_differ_type(d, path, p.a.type, p.b.type, &same_type));
    FD_TRY(fd_differ_shape(d, path, &x, &y, &same_shape));
    if (same_type && same_shape)
        FD_TRY(compare_values(&p));
    FD_TRY(fd_differ_attributes(d, path));
done:
    fd_table_close(&p.a);
    fd_table_close(&p.b);
    return err;
}

/* --- all of two files ---------------------------------------------------------------------------------------------------------------- */

static bool in_run(const char *path)
{
    return strncmp(path, "/run", 4) == 0 && (path[4] == '\0' || path[4] == '/');
}

/* Two sorted lists: what is in one only, and `compare` for what is in both. */
static fd_error *compare_lists(fd_differ *d, char *const *a, int n_a, char *const *b, int n_b,
                               fd_error *(*compare)(fd_differ *d, const char *path))
{
    fd_error *err = NULL;
    for (int i = 0, j = 0; i < n_a || j < n_b;) {
        int order = i == n_a ? 1 : j == n_b ? -1 : strcmp(a[i], b[j]);
        const char *path = order <= 0 ? a[i] : b[j];
        if (!in_run(path))
            FD_TRY(order == 0 ? compare(d, path)
                              : fd_differ_say(
                                    d, (fd_difference){path, order < 0 ? "only in the first file" : "only in the second file", "", -1, NAN}));
        i += order <= 0;
        j += order >= 0;
    }
done:
    return err;
}

static fd_error *compare_objects(fd_differ *d, int groups)
{
    fd_error *err = NULL;
    char **a = NULL, **b = NULL;
    int n_a = 0, n_b = 0;
    FD_TRY(fd_result_objects(d->a, groups, &a, &n_a));
    FD_TRY(fd_result_objects(d->b, groups, &b, &n_b));
    FD_TRY(compare_lists(d, a, n_a, b, n_b, groups ? fd_differ_attributes : compare_dataset));
done:
    fd_names_free(a, n_a);
    fd_names_free(b, n_b);
    return err;
}

fd_error *fd_result_differ(fd_result *a, fd_result *b, fd_error *(*each)(void *self, const fd_difference *d), void *self, fd_differ_sum *sum)
{
    fd_error *err = NULL;
    fd_differ d = {a, b, each, self, sum};
    *sum = (fd_differ_sum){0};
    FD_TRY(fd_differ_attributes(&d, "/"));
    FD_TRY(compare_objects(&d, 1));
    FD_TRY(compare_objects(&d, 0));
done:
    return err;
}
