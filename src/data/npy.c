#include "data/npy.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6, HEADER_LIMIT = 65536 };

void fd_npy_free(fd_npy *array)
{
    free(array->data);
    *array = (fd_npy){0};
}

/* The value of a key of the header's dictionary: the text after "'key':", NULL when it is not there. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at || !(at = strchr(at, ':')))
        return NULL;
    for (at++; isspace((unsigned char)*at); at++)
        ;
    return at;
}

/* "(2, 3,)" */
static bool parse_shape(const char *text, fd_npy_head *out)
{
    if (*text++ != '(')
        return false;
    for (out->rank = 0;; out->rank++) {
        char *end;
        text += strspn(text, " ,");
        if (*text == ')')
            return true;
        errno = 0;
        long long size = strtoll(text, &end, 10);
        if (end == text || errno || size < 0 || out->rank == FD_NPY_RANK)
            return false;
        out->dim[out->rank] = size;
        text = end;
    }
}

static bool count_bytes(const fd_npy *a, size_t *bytes)
{
    *bytes = sizeof(float);
    for (int i = 0; i < a->rank; i++)
        if (__builtin_mul_overflow(*bytes, (size_t)a->dim[i], bytes))
            return false;
    return true;
}

static fd_error *parse_header(const char *header, const char *name, fd_npy_head *out)
{
    const char *descr = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'"), *shape = value_of(header, "'shape'");
    if (!descr || !order || !shape || !parse_shape(shape, out))
        return FD_FAIL(FD_FORMAT, "%s: its .npy header is damaged", name);
    snprintf(out->type, sizeof out->type, "%.8s", descr);
    if (descr[0] == '\'' && strcspn(descr + 1, "'") < sizeof out->type - 2)
        out->type[strcspn(descr + 1, "'") + 2] = 0;
    if (strncmp(order, "False", 5) != 0)
        return FD_FAIL(FD_FORMAT, "%s: it is in Fortran order; save numpy.ascontiguousarray(x)", name);
    return NULL;
}

fd_error *fd_npy_parse_head(const uint8_t *bytes, size_t n, const char *path, fd_npy_head *out)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED], *header = NULL;
    size_t at = MAGIC + 2, length;
    *out = (fd_npy_head){0};
    fd_escape(name, sizeof name, path);
    if (n < at + 4 || memcmp(bytes, magic, MAGIC) != 0)
        FD_THROW(FD_FORMAT, "%s: not a .npy file", name);
    length = bytes[at] | (size_t)bytes[at + 1] << 8;
    if (bytes[MAGIC] > 1)
        length |= (size_t)bytes[at + 2] << 16 | (size_t)bytes[at + 3] << 24;
    at += bytes[MAGIC] > 1 ? 4 : 2;
    if (length > HEADER_LIMIT || length > n - at)
        FD_THROW(FD_FORMAT, "%s: its .npy header does not end within the file", name);
    FD_TRY(fd_alloc(&header, length + 1, 1));
    memcpy(header, bytes + at, length);
    FD_TRY(parse_header(header, name, out));
    out->start = (int64_t)(at + length);
done:
    free(header);
    return err;
}

fd_error *fd_npy_parse(const uint8_t *bytes, size_t n, const char *path, fd_npy *out)
{
    fd_error *err = NULL;
    char name[FD_ESCAPED];
    size_t data;
    fd_npy_head head;
    *out = (fd_npy){0};
    FD_TRY(fd_npy_parse_head(bytes, n, path, &head));
    fd_escape(name, sizeof name, path);
    if (strcmp(head.type, "'<f4'") != 0)
        FD_THROW(FD_FORMAT, "%s: its elements are %s, not '<f4'; save x.astype(numpy.float32)", name, head.type);
    out->rank = head.rank;
    memcpy(out->dim, head.dim, sizeof out->dim);
    if (!count_bytes(out, &data) || data != n - (size_t)head.start)
        FD_THROW(FD_FORMAT, "%s: it holds %zu bytes of data, not what its shape needs", name, n - (size_t)head.start);
    FD_TRY(fd_alloc_aligned(&out->data, data, 1));
    memcpy(out->data, bytes + head.start, data);
done:
    return err;
}

fd_error *fd_npy_read(const char *path, fd_npy *out)
{
    fd_error *err = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    *out = (fd_npy){0};
    FD_TRY(fd_file_read(path, SIZE_MAX / 2, &bytes, &n));
    FD_TRY(fd_npy_parse(bytes, n, path, out));
done:
    free(bytes);
    return err;
}

fd_error *fd_npy_add_head(fd_string *out, const char *descr, const fd_npy_head *head)
{
    fd_error *err = NULL;
    fd_string text = {0};
    size_t start = MAGIC + 4;
    FD_TRY(fd_string_add(&text, "{'descr': %s, 'fortran_order': False, 'shape': (", descr));
    for (int i = 0; i < head->rank; i++)
        FD_TRY(fd_string_add(&text, "%lld,%s", (long long)head->dim[i], i + 1 < head->rank ? " " : ""));
    FD_TRY(fd_string_add(&text, "), }"));
    const int padding = (int)(63 - (start + text.length) % 64);   /* data begin at a multiple of 64, as NumPy writes them */
    FD_TRY(fd_string_add(&text, "%*s\n", padding, ""));
    if (text.length > 65535)
        FD_THROW(FD_UNSUPPORTED, "a .npy header of more than 64 KiB");
    FD_TRY(fd_grow(&out->text, &out->capacity, out->length + start + text.length + 1, 1));
    char *at = out->text + out->length;
    memcpy(at, magic, MAGIC);
    at[MAGIC] = 1;
    at[MAGIC + 1] = 0;
    at[MAGIC + 2] = (char)(text.length & 255);
    at[MAGIC + 3] = (char)(text.length >> 8);
    memcpy(at + start, text.text, text.length + 1);
    out->length += start + text.length;
done:
    free(text.text);
    return err;
}

fd_error *fd_npy_write(const char *path, const fd_npy *array)
{
    fd_error *err = NULL;
    fd_npy_head head = {.rank = array->rank};
    fd_string start = {0};
    fd_file_writer *w = NULL;
    size_t data;
    memcpy(head.dim, array->dim, sizeof head.dim);
    if (!count_bytes(array, &data))
        FD_THROW(FD_NOMEM, "an array of more than 2^64 bytes");
    FD_TRY(fd_npy_add_head(&start, "'<f4'", &head));
    FD_TRY(fd_file_writer_open(path, &w));
    FD_TRY(fd_file_writer_add(w, start.text, start.length));
    FD_TRY(fd_file_writer_add(w, array->data, data));
    FD_TRY(fd_file_writer_commit(w));
done:
    fd_file_writer_close(w);
    free(start.text);
    return err;
}
