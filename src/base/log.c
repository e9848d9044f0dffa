#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The only global of the library: threads of any room may warn. The mutex guards `drawn` and keeps lines whole. */
static struct {
    pthread_mutex_t mutex;
    int rank, ranks;
    char host[256];
    fd_level level;
    int terminal;   /* where progress is drawn */
    bool drawn;     /* a progress line stands there, the cursor behind it */
} logger = {.mutex = PTHREAD_MUTEX_INITIALIZER, .ranks = 1, .terminal = STDERR_FILENO};

/* A thread that writes while another one forks must not leave the child a mutex that nobody unlocks. */
static void lock(void)
{
    pthread_mutex_lock(&logger.mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&logger.mutex);
}

static void keep_whole(void)
{
    pthread_atfork(lock, unlock, unlock);
}

void fd_log_init(int rank, int ranks, const char *host, fd_level level)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, keep_whole);
    logger.rank = rank;
    logger.ranks = ranks;
    logger.level = level;
    snprintf(logger.host, sizeof logger.host, "%s", host);
}

void fd_log_set_level(fd_level level)
{
    logger.level = level;
}

fd_level fd_log_level(void)
{
    return logger.level;
}

/* Straight to the descriptor, in one write where the system allows, so that lines of several ranks do not mix. Whoever closed stderr does not
 * want to know; a full pipe is waited for. */
static void put(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t now = write(fd, text, n);
        if (now < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            now = poll(&ready, 1, 1000) > 0 && !(ready.revents & (POLLERR | POLLNVAL)) ? 0 : -1;
        } else if (now < 0 && errno == EINTR)
            now = 0;
        if (now < 0)
            return;
        text += now;
        n -= (size_t)now;
    }
}

/* Prefix, message and end of line as one piece; without memory as three. */
__attribute__((format(printf, 2, 0))) static void put_line(const char *prefix, const char *format, va_list args)
{
    char *message = NULL, *line = NULL;
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    const char *text = message ? message : format;
    size_t length = strlen(text);
    const char *end = length > 0 && text[length - 1] == '\n' ? "" : "\n";
    pthread_mutex_lock(&logger.mutex);
    int n = asprintf(&line, "%s%s%s", prefix, text, end);
    if (logger.drawn)
        put(logger.terminal, "\n", 1);
    logger.drawn = false;
    if (n >= 0)
        put(STDERR_FILENO, line, (size_t)n);
    else {
        put(STDERR_FILENO, prefix, strlen(prefix));
        put(STDERR_FILENO, text, length);
        put(STDERR_FILENO, "\n", 1);
    }
    pthread_mutex_unlock(&logger.mutex);
    if (n >= 0)
        free(line);
    free(message);
}

void fd_say(fd_level level, const char *format, ...)
{
    if (logger.rank != 0 || logger.level < level)
        return;
    va_list args;
    va_start(args, format);
    put_line("", format, args);
    va_end(args);
}

void fd_warn(const char *format, ...)
{
    char prefix[sizeof logger.host + 48];
    if (logger.ranks > 1)
        snprintf(prefix, sizeof prefix, "[%d %s] warning: ", logger.rank, logger.host);
    else
        snprintf(prefix, sizeof prefix, "warning: ");
    va_list args;
    va_start(args, format);
    put_line(prefix, format, args);
    va_end(args);
}

static void put_error(const char *prefix, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_error(const char *prefix, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line(prefix, format, args);
    va_end(args);
}

void fd_report(const char *program, const fd_error *e)
{
    char prefix[sizeof logger.host + 48] = "";
    if (logger.rank > 0)
        snprintf(prefix, sizeof prefix, "[%d %s] ", logger.rank, logger.host);
    put_error(prefix, "%s: error: %s", program, fd_error_message(e));
    if (logger.level >= FD_VERBOSE && *fd_error_trace(e))
        put_error(prefix, "%s", fd_error_trace(e));
}

bool fd_log_is_terminal(void)
{
    const char *kind = getenv("TERM");
    return isatty(logger.terminal) && kind && strcmp(kind, "dumb") != 0;
}

void fd_log_draw_on(int terminal)
{
    logger.terminal = terminal < 0 ? STDERR_FILENO : terminal;
}

/* Bytes of text that fill at most `columns` columns of a terminal; a character of UTF-8 is taken for one column. */
static size_t fitting(const char *text, int columns)
{
    size_t n = 0;
    for (; text[n] && text[n] != '\n'; n++)
        if (((unsigned char)text[n] & 0xC0) != 0x80 && columns-- == 0)
            break;
    return n;
}

void fd_log_progress(const char *line)
{
    if (logger.rank != 0 || logger.level < FD_NORMAL)
        return;
    if (!fd_log_is_terminal()) {
        if (*line)
            fd_say(FD_NORMAL, "%s", line);
        return;
    }
    struct winsize window = {0};
    int columns = !ioctl(logger.terminal, TIOCGWINSZ, &window) && window.ws_col > 1 ? window.ws_col - 1 : 79;
    char drawing[1024];
    int n = snprintf(drawing, sizeof drawing, "\r%.*s\033[K", (int)fitting(line, columns), line);
    pthread_mutex_lock(&logger.mutex);
    put(logger.terminal, drawing, n < (int)sizeof drawing ? (size_t)n : sizeof drawing - 1);
    logger.drawn = *line != 0;
    pthread_mutex_unlock(&logger.mutex);
}
