#include "base/ini.h"

#include <string.h>

#include "base/text.h"

/* One line at a time is copied here, so that the callback gets terminated text and the input stays untouched. */
typedef struct fd_ini {
    char section[FD_INI_LINE + 1], line[FD_INI_LINE + 1];
    fd_ini_each *each;
    void *self;
    int number;
} fd_ini;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Removes blanks on both sides, in place. */
static char *trimmed(char *text)
{
    while (is_blank(*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && is_blank(text[n - 1]))
        n--;
    text[n] = 0;
    return text;
}

static fd_error *heading(fd_ini *ini, char *text)
{
    size_t n = strlen(text);
    if (text[n - 1] != ']')
        return FD_FAIL(FD_USAGE, "a section heading must end with ]");
    text[n - 1] = 0;
    text = trimmed(text + 1);
    if (!*text || strpbrk(text, "[]"))
        return FD_FAIL(FD_USAGE, "not a section heading");
    memcpy(ini->section, text, strlen(text) + 1);   /* fits: shorter than its line */
    return NULL;
}

static fd_error *pair(fd_ini *ini, char *text)
{
    char *equals = strchr(text, '='), shown[FD_ESCAPED];
    if (!equals)
        return FD_FAIL(FD_USAGE, "neither a comment nor \"key = value\": %s", fd_escape(shown, sizeof shown, text));
    *equals = 0;
    char *key = trimmed(text), *value = trimmed(equals + 1);
    if (!*key)
        return FD_FAIL(FD_USAGE, "a value without a key");
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = 0;
        value++;
    }
    return ini->each(ini->self, ini->section, key, value, ini->number);
}

static fd_error *one_line(fd_ini *ini, const char *text, size_t n)
{
    if (n > FD_INI_LINE)
        return FD_FAIL(FD_USAGE, "a line of %zu bytes; at most %d are allowed", n, FD_INI_LINE);
    if (memchr(text, 0, n))
        return FD_FAIL(FD_USAGE, "a zero byte: this is not a text file");
    memcpy(ini->line, text, n);
    ini->line[n] = 0;
    char *line = trimmed(ini->line);
    if (!*line || *line == ';' || *line == '#')
        return NULL;
    return *line == '[' ? heading(ini, line) : pair(ini, line);
}

fd_error *fd_ini_parse(const char *text, size_t n, const char *name, fd_ini_each *each, void *self)
{
    fd_ini ini = {.each = each, .self = self};
    size_t at = n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < n) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - (text + at)) : n - at;
        ini.number++;
        fd_error *err = one_line(&ini, text + at, length);
        if (err) {
            char shown[FD_ESCAPED];
            return fd_error_prefix(err, "%s:%d", fd_escape(shown, sizeof shown, name), ini.number);
        }
        at += length + (end ? 1 : 0);
    }
    return NULL;
}
