#include "run/markup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Room for n more bytes behind the text, and its terminating zero. */
static fd_error *reserve(fd_string *s, size_t n)
{
    return fd_grow(&s->text, &s->capacity, s->length + n + 1, 1);
}

/* What stands for the *n bytes at p in markup; NULL: they themselves. XML has no U+FFFE and U+FFFF. */
static const char *stand_in(const char *p, size_t *n)
{
    *n = 1;
    switch (*p) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\xEF':
        *n = 3;
        return strncmp(p, "\xEF\xBF\xBE", 3) == 0 ? "\\uFFFE" : strncmp(p, "\xEF\xBF\xBF", 3) == 0 ? "\\uFFFF" : NULL;
    default:
        return NULL;
    }
}

fd_error *fd_markup_text(fd_string *s, const char *bytes)
{
    fd_error *err = NULL;
    char *printable = NULL;
    size_t room = 4 * strlen(bytes) + 8;   /* \xHH for every byte, and fd_escape's room for its dots */
    FD_TRY(fd_alloc(&printable, room, 1));
    fd_escape(printable, room, bytes);
    FD_TRY(reserve(s, 6 * strlen(printable)));
    for (size_t i = 0, taken; printable[i]; i += taken) {
        const char *unit = stand_in(printable + i, &taken);
        size_t n = unit ? strlen(unit) : taken;
        memcpy(s->text + s->length, unit ? unit : printable + i, n);
        s->length += n;
    }
    s->text[s->length] = 0;
done:
    free(printable);
    return err;
}

fd_error *fd_markup_base64(fd_string *s, const void *bytes, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fd_error *err = NULL;
    const uint8_t *p = bytes;
    FD_TRY(reserve(s, (n + 2) / 3 * 4));
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t three = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
        char *to = s->text + s->length;
        to[0] = digit[three >> 18];
        to[1] = digit[three >> 12 & 63];
        to[2] = left > 1 ? digit[three >> 6 & 63] : '=';
        to[3] = left > 2 ? digit[three & 63] : '=';
        s->length += 4;
    }
    s->text[s->length] = 0;
done:
    return err;
}
