/* Errors that travel up: a function that can fail through a fault of the world returns fd_error *, NULL meaning success.
 *
 * Three tiers (design: libsc's error policies): a fault of ours is an assert; a fault of the world (file, memory, device, network)
 * is an fd_error that travels up to main, collecting the failed expressions and places on its way; a fault of the data (a bad image)
 * is no error at all but a row of the ledger (data/ledger.h). */
#ifndef FD_BASE_STATUS_H
#define FD_BASE_STATUS_H

typedef enum fd_code {
    FD_OK = 0,
    FD_USAGE,       /* the user's words on the command line or in a configuration file; exit code 2 */
    FD_IO,          /* read, write, open, stat */
    FD_FORMAT,      /* a file is not what it should be (network, pack, journal, result) */
    FD_NOMEM,       /* memory or a budget of memory is exhausted */
    FD_NOSPACE,     /* disk full, quota, file size limit */
    FD_UNSUPPORTED, /* valid, but not something this build can do (an operator, an engine that was not built) */
    FD_DEVICE,      /* a device or its driver failed */
    FD_MISMATCH,    /* resume with other inputs, model or options; wrong hash */
    FD_COMM,        /* another rank failed, or the exchange did */
    FD_LOCKED,      /* somebody else writes this output */
    FD_INTERRUPTED  /* a signal or a time limit; everything is saved */
} fd_code;

typedef struct fd_error fd_error;

/* A new error, or a static one when memory is out (fd_error_free knows it). Never NULL. `format` names the file and the reason;
 * bytes of names go through fd_escape (base/text.h) first. */
fd_error *fd_error_new(fd_code code, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds a place to the trace on the way up; returns `e`. */
fd_error *fd_error_at(fd_error *e, const char *file, int line, const char *expression);

/* Puts "context: " in front of the message; returns `e`. */
fd_error *fd_error_prefix(fd_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

fd_code fd_error_code(const fd_error *e);           /* FD_OK for NULL */
const char *fd_error_message(const fd_error *e);    /* never NULL; one line, for people */
const char *fd_error_trace(const fd_error *e);      /* "src/x.c:12 fd_f(a)\n...", for -v */
void fd_error_free(fd_error *e);                    /* NULL is allowed */
const char *fd_code_name(fd_code code);             /* "io", "no space", ... */

#define FD_FAIL(code, ...) fd_error_new((code), __FILE__, __LINE__, __VA_ARGS__)

/* In a function with `fd_error *err = NULL;` and a label `done:` that cleans up and returns err. */
#define FD_TRY(expression)                                                        \
    do {                                                                          \
        fd_error *fd_try_ = (expression);                                         \
        if (fd_try_) {                                                            \
            err = fd_error_at(fd_try_, __FILE__, __LINE__, #expression);          \
            goto done;                                                            \
        }                                                                         \
    } while (0)

#define FD_THROW(code, ...)                                                       \
    do {                                                                          \
        err = FD_FAIL((code), __VA_ARGS__);                                       \
        goto done;                                                                \
    } while (0)

#define FD_CHECK __attribute__((warn_unused_result))

#endif
