#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Bytes of the UTF-8 character at p (RFC 3629: no overlong forms, no surrogates), 0 where there is none. */
static int character(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    int n = p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : p[0] >= 0xE0 && p[0] < 0xF0 ? 3 : p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)   /* stops at the terminating zero, too */
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] >= 0xA0) || (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] >= 0x90))
        return 0;
    return n;
}

size_t fd_text_mark(const char *text)
{
    return strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool fd_utf8(const char *bytes)
{
    const unsigned char *p = (const unsigned char *)bytes;
    for (int n = 1; *p && n; p += n)
        n = character(p);
    return !*p;
}

/* The same, but 0 also for a control character (C0, DEL, C1). */
static int printable(const unsigned char *p)
{
    const bool control = p[0] < 0x20 || p[0] == 0x7F || (p[0] == 0xC2 && p[1] < 0xA0);
    return control ? 0 : character(p);
}

/* Writes the escaped form of what begins at p into unit; returns the bytes of p that it stands for. */
static int escape_one(char unit[8], const unsigned char *p)
{
    int n = printable(p);
    if (n > 0)
        snprintf(unit, 8, "%s%.*s", *p == '\\' ? "\\" : "", n, (const char *)p);
    else
        snprintf(unit, 8, "\\x%02X", *p);
    return n > 0 ? n : 1;
}

char *fd_escape(char *out, size_t size, const char *bytes)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t used = 0, cut = 0;   /* cut: the last boundary that leaves room for "..." */
    char unit[8];
    if (size == 0)
        return out;
    while (*p) {
        p += escape_one(unit, p);
        size_t n = strlen(unit);
        if (used + n >= size) {
            used = cut;
            for (int dots = 0; dots < 3 && used + 1 < size; dots++)
                out[used++] = '.';
            break;
        }
        memcpy(out + used, unit, n);
        used += n;
        if (used + 4 <= size)
            cut = used;
    }
    out[used] = 0;
    return out;
}

char *fd_bytes_text(char out[16], double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    int unit = 0;
    if (!(bytes >= 0) || bytes > 1e21)   /* NaN, too */
        return strcpy(out, "-");
    while (unit < 6 && bytes >= (unit ? 999.95 : 999.5)) {   /* what would be printed as 1000 */
        bytes /= 1000;
        unit++;
    }
    snprintf(out, 16, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
    return out;
}

char *fd_seconds_text(char out[24], double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)   /* NaN, and what nobody waits for */
        return strcpy(out, "-");
    unsigned whole = (unsigned)(seconds + 0.5), minutes = (unsigned)(seconds / 60 + 0.5);
    if (seconds < 59.95)
        snprintf(out, 24, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(out, 24, "%u min %02u s", whole / 60, whole % 60);
    else
        snprintf(out, 24, "%u h %02u min", minutes / 60, minutes % 60);
    return out;
}

/* The multiplier of a suffix, 0 when it is none: "", K, M, G, T of either case, also followed by B, or by iB when binary. */
static int64_t multiplier(const char *suffix, int binary)
{
    static const char letters[] = "KMGT";
    int64_t unit = 1;
    const char *letter = *suffix ? strchr(letters, *suffix >= 'a' && *suffix <= 'z' ? *suffix - 32 : *suffix) : NULL;
    if (letter) {
        for (int i = 0; i <= letter - letters; i++)
            unit *= binary ? 1024 : 1000;
        suffix++;
    }
    int known = !*suffix || !strcmp(suffix, "B") || (binary && letter && !strcmp(suffix, "iB"));
    return known ? unit : 0;
}

fd_error *fd_parse_size(const char *text, int binary, int64_t *out)
{
    const char *p = text;
    char shown[FD_ESCAPED];
    int64_t whole = 0;
    long double fraction = 0, weight = 0.1L;
    int overflow = 0, digits = 0;
    for (; *p >= '0' && *p <= '9'; p++, digits++)
        overflow |= __builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *p - '0', &whole);
    int point = *p == '.';
    if (point)
        for (p++; *p >= '0' && *p <= '9'; p++, digits++, weight /= 10)
            fraction += weight * (*p - '0');
    int64_t unit = multiplier(p, binary);
    if (!digits || !unit || (point && unit == 1))
        return FD_FAIL(FD_USAGE, "\"%s\" is not a size (examples: 1024, 64M, 2.5G)", fd_escape(shown, sizeof shown, text));
    overflow |= __builtin_mul_overflow(whole, unit, &whole) || __builtin_add_overflow(whole, (int64_t)(fraction * (long double)unit + 0.5L), &whole);
    if (overflow)
        return FD_FAIL(FD_USAGE, "\"%s\" is too large", fd_escape(shown, sizeof shown, text));
    *out = whole;
    return NULL;
}

enum { WORD = 64 };   /* longer words are near to nothing */

/* Insertions, deletions, substitutions and swaps of neighbours that turn a into b (optimal string alignment). */
static int edit_distance(const char *a, int n, const char *b, int m)
{
    int rows[3][WORD + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (int j = 0; j <= m; j++)
        last[j] = before[j] = j;
    for (int i = 1; i <= n; i++) {
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        int *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[m];
}

int fd_nearest(const char *word, const char *const *candidates, int n)
{
    size_t length = strlen(word);
    int nearest = -1, best = WORD + 1;
    for (int i = 0; i < n && length <= WORD; i++) {
        size_t other = strlen(candidates[i]);
        if (other > WORD)
            continue;
        int distance = edit_distance(word, (int)length, candidates[i], (int)other), longer = (int)(length > other ? length : other);
        if (3 * distance <= longer && distance < best) {
            best = distance;
            nearest = i;
        }
    }
    return nearest;
}

fd_error *fd_string_add(fd_string *s, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    fd_error *err = n < 0 ? FD_FAIL(FD_USAGE, "cannot format a text") : fd_grow(&s->text, &s->capacity, s->length + (size_t)n + 1, 1);
    if (!err) {
        vsnprintf(s->text + s->length, (size_t)n + 1, format, args);
        s->length += (size_t)n;
    }
    va_end(args);
    return err;
}
