#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fd_error {
    fd_code code;
    char *message;
    char *trace;
};

static char no_memory_left[] = "out of memory", no_trace[] = "";
static fd_error out_of_memory = {FD_NOMEM, no_memory_left, no_trace};   /* const in all but type: never written, never freed */

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, format, args);
    return text;
}

static char *joined(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *joined(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    return text;
}

fd_error *fd_error_new(fd_code code, const char *file, int line, const char *format, ...)
{
    fd_error *e = calloc(1, sizeof *e);
    if (!e)
        return &out_of_memory;
    va_list args;
    va_start(args, format);
    e->message = format_text(format, args);
    va_end(args);
    e->code = code;
    e->trace = joined("%s:%d\n", file, line);
    if (e->message && e->trace)
        return e;
    fd_error_free(e);
    return &out_of_memory;
}

fd_error *fd_error_at(fd_error *e, const char *file, int line, const char *expression)
{
    if (e == &out_of_memory)
        return e;
    char *trace = joined("%s%s:%d %s\n", e->trace, file, line, expression);
    if (trace) {
        free(e->trace);
        e->trace = trace;
    }
    return e;
}

fd_error *fd_error_prefix(fd_error *e, const char *format, ...)
{
    if (e == &out_of_memory)
        return e;
    va_list args;
    va_start(args, format);
    char *context = format_text(format, args);
    va_end(args);
    char *message = context ? joined("%s: %s", context, e->message) : NULL;
    free(context);
    if (message) {
        free(e->message);
        e->message = message;
    }
    return e;
}

fd_code fd_error_code(const fd_error *e)
{
    return e ? e->code : FD_OK;
}

const char *fd_error_message(const fd_error *e)
{
    return e ? e->message : "";
}

const char *fd_error_trace(const fd_error *e)
{
    return e ? e->trace : "";
}

void fd_error_free(fd_error *e)
{
    if (!e || e == &out_of_memory)
        return;
    free(e->message);
    free(e->trace);
    free(e);
}

const char *fd_code_name(fd_code code)
{
    static const char *const names[] = {"ok", "usage", "io", "format", "no memory", "no space", "unsupported", "device", "mismatch", "comm", "locked",
                                        "interrupted"};
    return (unsigned)code < sizeof names / sizeof *names ? names[code] : "unknown";
}
