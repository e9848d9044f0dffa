/* .npy: one column is an array of its shape, several are a structured array with a field for each. */
#include <stdlib.h>
#include <string.h>

#include "data/npy.h"
#include "run/export/export.h"

static const char *type_of(const fd_export_column *c)
{
    return c->cell == FD_CELL_I64 ? "<i8" : "<f4";
}

static size_t bytes_of(const fd_export_column *c)
{
    return (c->cell == FD_CELL_I64 ? sizeof(int64_t) : sizeof(float)) * (size_t)fd_export_width(c);
}

/* [('face', '<i8'), ('box', '<f4', (4,))] */
static fd_error *describe_fields(const fd_export_source *s, fd_string *out)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(out, "["));
    for (int k = 0; k < s->columns; k++) {
        const fd_export_column *c = &s->column[k];
        FD_TRY(fd_string_add(out, "%s('%s', '%s'", k ? ", " : "", c->name, type_of(c)));
        if (c->rank == 1)
            FD_TRY(fd_string_add(out, ", (%lld,)", (long long)c->dim[0]));
        if (c->rank == 2)
            FD_TRY(fd_string_add(out, ", (%lld, %lld)", (long long)c->dim[0], (long long)c->dim[1]));
        FD_TRY(fd_string_add(out, ")"));
    }
    FD_TRY(fd_string_add(out, "]"));
done:
    return err;
}

static fd_error *begin(const fd_export_source *s, fd_string *out)
{
    fd_error *err = NULL;
    fd_string descr = {0};
    const fd_export_column *c = &s->column[0];
    fd_npy_head head = {.rank = 1, .dim = {s->rows}};
    if (s->columns == 1) {
        FD_TRY(fd_string_add(&descr, "'%s'", type_of(c)));
        for (int k = 0; k < c->rank; k++)
            head.dim[head.rank++] = c->dim[k];
    } else
        FD_TRY(describe_fields(s, &descr));
    FD_TRY(fd_npy_add_head(out, descr.text, &head));
done:
    free(descr.text);
    return err;
}

static fd_error *rows(const fd_export_source *s, const fd_export_batch *b, fd_string *out)
{
    fd_error *err = NULL;
    for (int64_t row = 0; row < b->rows; row++)
        for (int k = 0; k < s->columns; k++) {
            const size_t n = bytes_of(&s->column[k]);
            FD_TRY(fd_export_put(out, (const char *)b->cells[k] + (size_t)row * n, n));
        }
done:
    return err;
}

const fd_export_format fd_export_npy = {.name = "npy", .ending = ".npy", .text = false, .begin = begin, .rows = rows};
