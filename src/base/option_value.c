/* Values: checked against type and range once, kept as text in one form per value, so that equal values compare equal as text. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/option_private.h"

static const double OPEN = 1e15;   /* a bound beyond this is none */

/* The one form of a size: the largest unit that divides it. */
static void write_size(const fd_option *option, int64_t value, char out[32])
{
    int64_t base = option->type == FD_OPT_BYTES ? 1024 : 1000;
    int unit = 0;
    for (; unit < 4 && value != 0 && value % base == 0; unit++)
        value /= base;
    snprintf(out, 32, "%lld%.1s", (long long)value, unit ? &"KMGT"[unit - 1] : "");
}

static void write_bound(const fd_option *option, double bound, char out[32])
{
    if (option->type == FD_OPT_BYTES || option->type == FD_OPT_COUNT)
        write_size(option, (int64_t)bound, out);
    else
        snprintf(out, 32, "%.15g", bound);
}

char *fd_option_range(const fd_option *option, char out[64])
{
    char low[32] = "", high[32] = "";
    out[0] = 0;
    if (option->low == 0 && option->high == 0)
        return out;
    if (option->low > -OPEN)
        write_bound(option, option->low, low);
    if (option->high < OPEN)
        write_bound(option, option->high, high);
    snprintf(out, 64, "%s%s%s%s", !*high ? "at least " : !*low ? "at most " : "", low, *low && *high ? ".." : "", high);
    return out;
}

static fd_error *refuse(const fd_option *option, const char *text, const char *why)
{
    char shown[FD_ESCAPED];
    return FD_FAIL(FD_USAGE, "--%s: \"%s\" is %s", option->name, fd_escape(shown, sizeof shown, text), why);
}

static fd_error *in_range(const fd_option *option, const char *text, double value)
{
    char range[64], why[128];
    if ((option->low == 0 && option->high == 0) || (value >= option->low && value <= option->high))
        return NULL;
    snprintf(why, sizeof why, "out of range: %s", fd_option_range(option, range));
    return refuse(option, text, why);
}

static fd_error *check_flag(const fd_option *option, const char *text, char **canonical)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
    for (int i = 0; i < 8; i++)
        if (!strcmp(text, words[i]))
            return fd_strdup(canonical, words[i % 2]);
    return refuse(option, text, "neither true nor false");
}

static fd_error *check_int(const fd_option *option, const char *text, char **canonical)
{
    char *end, one_form[32];
    const char *digits = text + (*text == '-' || *text == '+');
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*digits < '0' || *digits > '9' || *end)
        return refuse(option, text, "not a whole number");
    if (errno == ERANGE)
        return refuse(option, text, "beyond 64 bits");
    fd_error *err = in_range(option, text, (double)value);
    if (err)
        return err;
    snprintf(one_form, sizeof one_form, "%lld", value);
    return fd_strdup(canonical, one_form);
}

static fd_error *check_size(const fd_option *option, const char *text, char **canonical)
{
    int64_t value;
    char one_form[32];
    fd_error *err = fd_parse_size(text, option->type == FD_OPT_BYTES, &value);
    if (err)
        return fd_error_prefix(err, "--%s", option->name);
    err = in_range(option, text, (double)value);
    if (err)
        return err;
    write_size(option, value, one_form);
    return fd_strdup(canonical, one_form);
}

/* A finite decimal number at text; *end behind it. NaN, infinity and hexadecimal forms are not what an option wants. */
static bool real_at(const char *text, const char **end, double *value)
{
    char *stop;
    size_t n = strspn(text, "+-.0123456789eE");
    *value = strtod(text, &stop);
    *end = stop;
    return stop > text && stop <= text + n && isfinite(*value);
}

/* The shortest decimal that reads back as the same number. */
static void write_real(double value, char out[32])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

static fd_error *check_real(const fd_option *option, const char *text, char **canonical)
{
    const char *end;
    char one_form[32];
    double value;
    if (!real_at(text, &end, &value) || *end)
        return refuse(option, text, "not a number");
    fd_error *err = in_range(option, text, value);
    if (err)
        return err;
    write_real(value, one_form);
    return fd_strdup(canonical, one_form);
}

static fd_error *check_reals(const fd_option *option, const char *text, char **canonical)
{
    fd_error *err = NULL;
    fd_string list = {0};
    char one_form[32];
    const char *p = text;
    for (double value; *(p += strspn(p, " ,\t"));) {
        if (!real_at(p, &p, &value) || (*p && !strchr(" ,\t", *p))) {
            err = refuse(option, text, "not a list of numbers");
            goto done;
        }
        FD_TRY(in_range(option, text, value));
        write_real(value, one_form);
        FD_TRY(fd_string_add(&list, "%s%s", list.length ? " " : "", one_form));
    }
    if (!list.length) {
        err = refuse(option, text, "not a list of numbers");
        goto done;
    }
    *canonical = list.text;
    return NULL;
done:
    free(list.text);
    return err;
}

int fd_option_reals(const char *text, double *values, int capacity)
{
    int n = 0;
    for (char *end; *text; text = *end ? end + 1 : end, n++) {
        double value = strtod(text, &end);
        if (n < capacity)
            values[n] = value;
    }
    return n;
}

/* Whether text is the word; a word that ends in ":N" stands for any number there. */
static bool is_choice(const char *text, const char *word)
{
    const size_t n = strlen(word);
    if (n < 2 || strcmp(word + n - 2, ":N") != 0)
        return strcmp(text, word) == 0;
    return strncmp(text, word, n - 1) == 0 && text[n - 1] && strspn(text + n - 1, "0123456789") == strlen(text + n - 1);
}

static fd_error *check_choice(const fd_option *option, const char *text, char **canonical)
{
    enum { MOST = 16 };
    char copy[256], *rest, shown[FD_ESCAPED], *word[MOST];
    int n = 0;
    snprintf(copy, sizeof copy, "%s", option->choices);
    for (char *w = strtok_r(copy, "|", &rest); w && n < MOST; w = strtok_r(NULL, "|", &rest)) {
        if (is_choice(text, w))
            return fd_strdup(canonical, text);
        word[n++] = w;
    }
    int near = fd_nearest(text, (const char *const *)word, n);
    return FD_FAIL(FD_USAGE, "--%s: \"%s\" is not one of %s%s%s%s", option->name, fd_escape(shown, sizeof shown, text), option->choices,
                   near >= 0 ? "; did you mean " : "", near >= 0 ? word[near] : "", near >= 0 ? "?" : "");
}

fd_error *fd_option_check(const fd_option *option, const char *text, char **canonical)
{
    switch (option->type) {
    case FD_OPT_FLAG:
        return check_flag(option, text, canonical);
    case FD_OPT_INT:
        return check_int(option, text, canonical);
    case FD_OPT_COUNT:
    case FD_OPT_BYTES:
        return check_size(option, text, canonical);
    case FD_OPT_REAL:
        return check_real(option, text, canonical);
    case FD_OPT_REALS:
        return check_reals(option, text, canonical);
    case FD_OPT_CHOICE:
        return check_choice(option, text, canonical);
    case FD_OPT_TEXT:
    case FD_OPT_ACTION:
        break;
    }
    return fd_strdup(canonical, text);
}
