/* What the formats share. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "run/export/export.h"

int64_t fd_export_width(const fd_export_column *c)
{
    return c->rank == 0 ? 1 : c->rank == 1 ? c->dim[0] : c->dim[0] * c->dim[1];
}

void fd_export_close(fd_export_source *s)
{
    if (s->state)
        s->close(s);
    s->state = NULL;
}

fd_error *fd_export_put(fd_string *s, const char *bytes, size_t n)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&s->text, &s->capacity, s->length + n + 1, 1));
    memcpy(s->text + s->length, bytes, n);
    s->length += n;
    s->text[s->length] = 0;
done:
    return err;
}

/* The digits of a number, right-aligned in `end`; the number itself is *begin. */
static char *digits(char *end, int64_t value)
{
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        *--end = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--end = '-';
    return end;
}

fd_error *fd_export_put_number(fd_string *s, fd_cell cell, const void *cells, int64_t i, const char *odd)
{
    char text[32];
    if (cell == FD_CELL_I64) {
        char *end = text + sizeof text, *begin = digits(end, ((const int64_t *)cells)[i]);
        return fd_export_put(s, begin, (size_t)(end - begin));
    }
    const float value = ((const float *)cells)[i];
    const char *word = value == 0 && signbit(value) ? "-0.0" : NULL;   /* "-0" would be an integer to many readers, and those have but one zero */
    if (!isfinite(value))
        word = odd ? odd : isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
    if (word)
        return fd_export_put(s, word, strlen(word));
    return fd_export_put(s, text, (size_t)snprintf(text, sizeof text, "%.9g", (double)value));
}
