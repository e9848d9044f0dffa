/* JSON Lines: an object for each row, in UTF-8 as RFC 8259 demands. A name that is no UTF-8 cannot stand in it as it is: it is escaped as the
 * program prints it (\xHH, a backslash doubled), and a field NAME_hex beside it has its bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/export/export.h"

/* Valid UTF-8, in quotes. */
static fd_error *put_string(fd_string *out, const char *text)
{
    fd_error *err = NULL;
    char unit[8];
    FD_TRY(fd_export_put(out, "\"", 1));
    for (const char *p = text; *p;) {
        size_t n = 0;
        while ((unsigned char)p[n] >= 0x20 && p[n] != '"' && p[n] != '\\')
            n++;
        FD_TRY(fd_export_put(out, p, n));
        p += n;
        if (!*p)
            break;
        const int length = *p == '\n' ? snprintf(unit, sizeof unit, "\\n")
                           : *p == '"' || *p == '\\' ? snprintf(unit, sizeof unit, "\\%c", *p)
                                                     : snprintf(unit, sizeof unit, "\\u%04x", (unsigned char)*p);
        FD_TRY(fd_export_put(out, unit, (size_t)length));
        p++;
    }
    FD_TRY(fd_export_put(out, "\"", 1));
done:
    return err;
}

static fd_error *put_bytes(fd_string *out, const char *name, const char *bytes)
{
    fd_error *err = NULL;
    char *shown = NULL, unit[3];
    const size_t room = 4 * strlen(bytes) + 1;   /* \xHH for each */
    FD_TRY(fd_alloc(&shown, room, 1));
    FD_TRY(put_string(out, fd_escape(shown, room, bytes)));
    FD_TRY(fd_string_add(out, ",\"%s_hex\":\"", name));
    for (const char *p = bytes; *p; p++) {
        snprintf(unit, sizeof unit, "%02x", (unsigned char)*p);
        FD_TRY(fd_export_put(out, unit, 2));
    }
    FD_TRY(fd_export_put(out, "\"", 1));
done:
    free(shown);
    return err;
}

static fd_error *put_text(fd_string *out, const char *name, const char *text)
{
    return !text ? fd_export_put(out, "null", 4) : fd_utf8(text) ? put_string(out, text) : put_bytes(out, name, text);
}

/* 1, [1,2], [[1,2],[3,4]] */
static fd_error *put_numbers(fd_string *out, const fd_export_column *c, const void *cells, int64_t row)
{
    fd_error *err = NULL;
    const int64_t width = fd_export_width(c), inner = c->rank == 2 ? c->dim[1] : width;
    if (c->rank == 0)
        return fd_export_put_number(out, c->cell, cells, row, "null");
    FD_TRY(fd_export_put(out, "[[", (size_t)c->rank));
    for (int64_t i = 0; i < width; i++) {
        if (i > 0)
            FD_TRY(i % inner == 0 ? fd_export_put(out, "],[", 3) : fd_export_put(out, ",", 1));
        FD_TRY(fd_export_put_number(out, c->cell, cells, row * width + i, "null"));
    }
    FD_TRY(fd_export_put(out, "]]", (size_t)c->rank));
done:
    return err;
}

static fd_error *begin(const fd_export_source *s, fd_string *out)
{
    (void)s;
    (void)out;
    return NULL;
}

static fd_error *rows(const fd_export_source *s, const fd_export_batch *b, fd_string *out)
{
    fd_error *err = NULL;
    for (int64_t row = 0; row < b->rows; row++) {
        for (int k = 0; k < s->columns; k++) {
            const fd_export_column *c = &s->column[k];
            FD_TRY(fd_export_put(out, k ? ",\"" : "{\"", 2));
            FD_TRY(fd_export_put(out, c->name, strlen(c->name)));
            FD_TRY(fd_export_put(out, "\":", 2));
            FD_TRY(c->cell == FD_CELL_TEXT ? put_text(out, c->name, ((const char *const *)b->cells[k])[row])
                                           : put_numbers(out, c, b->cells[k], row));
        }
        FD_TRY(fd_export_put(out, "}\n", 2));
    }
done:
    return err;
}

const fd_export_format fd_export_jsonl = {.name = "jsonl", .ending = ".jsonl", .text = true, .begin = begin, .rows = rows};
