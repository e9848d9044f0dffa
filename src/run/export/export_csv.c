/* CSV as RFC 4180 has it: a line of names, CR LF, fields in quotes where they must be, quotes doubled. Names of photographs are raw bytes. */
#include <string.h>

#include "run/export/export.h"

static fd_error *put_text(fd_string *out, const char *text)
{
    fd_error *err = NULL;
    if (!text[strcspn(text, ",\"\r\n")])
        return fd_export_put(out, text, strlen(text));
    FD_TRY(fd_export_put(out, "\"", 1));
    for (const char *p = text; *p;) {
        const size_t n = strcspn(p, "\"");
        FD_TRY(fd_export_put(out, p, n));
        if (p[n])
            FD_TRY(fd_export_put(out, "\"\"", 2));
        p += n + (p[n] != 0);
    }
    FD_TRY(fd_export_put(out, "\"", 1));
done:
    return err;
}

static fd_error *begin(const fd_export_source *s, fd_string *out)
{
    fd_error *err = NULL;
    for (int k = 0; k < s->columns; k++) {
        const fd_export_column *c = &s->column[k];
        for (int64_t i = 0; i < fd_export_width(c); i++) {
            const char *comma = k || i ? "," : "";
            FD_TRY(c->parts     ? fd_string_add(out, "%s%s", comma, c->parts[i])
                   : c->rank > 0 ? fd_string_add(out, "%s%s_%lld", comma, c->name, (long long)i)
                                 : fd_string_add(out, "%s%s", comma, c->name));
        }
    }
    FD_TRY(fd_string_add(out, "\r\n"));
done:
    return err;
}

static fd_error *rows(const fd_export_source *s, const fd_export_batch *b, fd_string *out)
{
    fd_error *err = NULL;
    for (int64_t row = 0; row < b->rows; row++) {
        for (int k = 0; k < s->columns; k++) {
            const fd_export_column *c = &s->column[k];
            const int64_t width = fd_export_width(c);
            if (c->cell == FD_CELL_TEXT) {
                const char *text = ((const char *const *)b->cells[k])[row];
                FD_TRY(fd_export_put(out, ",", k > 0));
                FD_TRY(put_text(out, text ? text : ""));
            }
            for (int64_t i = 0; i < width && c->cell != FD_CELL_TEXT; i++) {
                FD_TRY(fd_export_put(out, ",", k || i));
                FD_TRY(fd_export_put_number(out, c->cell, b->cells[k], row * width + i, NULL));
            }
        }
        FD_TRY(fd_export_put(out, "\r\n", 2));
    }
done:
    return err;
}

const fd_export_format fd_export_csv = {.name = "csv", .ending = ".csv", .text = true, .begin = begin, .rows = rows};
