/* Pins: what a journal was made with, as "key = value" lines. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/journal.h"

typedef struct span {
    const char *at;
    size_t n;
} span;
typedef struct line {
    span key, value;
} line;

static span trimmed(const char *at, size_t n)
{
    while (n > 0 && *at == ' ') {
        at++;
        n--;
    }
    while (n > 0 && at[n - 1] == ' ')
        n--;
    return (span){at, n};
}

/* The line at `text`, and the text after it; false at the end. A line without "=" is a key whose value is empty. */
static bool next_line(const char **text, line *out)
{
    while (**text == '\n')
        ++*text;
    if (!**text)
        return false;
    size_t n = strcspn(*text, "\n");
    const char *equals = memchr(*text, '=', n);
    size_t key = equals ? (size_t)(equals - *text) : n;
    out->key = trimmed(*text, key);
    out->value = equals ? trimmed(equals + 1, n - key - 1) : (span){*text, 0};
    *text += n;
    return true;
}

static bool same(span a, span b)
{
    return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

static bool find(const char *pin, span key, line *out)
{
    while (next_line(&pin, out))
        if (same(out->key, key))
            return true;
    return false;
}

/* A printable copy, whole however long it is; NULL stays NULL. */
static fd_error *printable(const span *s, char **out)
{
    fd_error *err = NULL;
    char *bytes = NULL;
    FD_TRY(fd_alloc(&bytes, s->n + 1, 1));
    memcpy(bytes, s->at, s->n);
    FD_TRY(fd_alloc(out, 4 * s->n + 8, 1));
    fd_escape(*out, 4 * s->n + 8, bytes);
done:
    free(bytes);
    return err;
}

/* was, now: NULL where the key is not set. */
static fd_error *differs(const char *what, span key, const span *was, const span *now)
{
    fd_error *err = NULL;
    char *name = NULL, *before = NULL, *after = NULL;
    FD_TRY(printable(&key, &name));
    if (was)
        FD_TRY(printable(was, &before));
    if (now)
        FD_TRY(printable(now, &after));
    if (!was)
        FD_THROW(FD_MISMATCH, "%s was made without %s, now it is %s", what, name, after);
    if (!now)
        FD_THROW(FD_MISMATCH, "%s was made with %s = %s, now it is not set", what, name, before);
    FD_THROW(FD_MISMATCH, "%s was made with %s = %s, now it is %s", what, name, before, after);
done:
    free(name);
    free(before);
    free(after);
    return err;
}

fd_error *fd_pin_compare(const char *was, const char *now, const char *what)
{
    line a, b;
    for (const char *at = was; next_line(&at, &a);) {
        if (!find(now, a.key, &b))
            return differs(what, a.key, &a.value, NULL);
        if (!same(a.value, b.value))
            return differs(what, a.key, &a.value, &b.value);
    }
    for (const char *at = now; next_line(&at, &b);)
        if (!find(was, b.key, &a))
            return differs(what, b.key, NULL, &b.value);
    return NULL;
}
