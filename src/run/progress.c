#include "run/progress.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

enum { BAR = 30, EVERY_SECONDS = 30 };

void fd_progress_start(fd_progress *p, const char *what, int64_t all)
{
    *p = (fd_progress){what, all, fd_now(), fd_now()};
}

static void describe(const fd_progress *p, int64_t done, char *out, size_t size)
{
    double seconds = fd_now() - p->start, rate = seconds > 0 ? (double)done / seconds : 0;
    char left[24] = "?";
    if (rate > 0)
        fd_seconds_text(left, (double)(p->all - done) / rate);
    snprintf(out, size, "%lld of %lld %s, %.1f/s, %s left", (long long)done, (long long)p->all, p->what, rate, left);
}

void fd_progress_show(fd_progress *p, int64_t done)
{
    char words[128], line[192], bar[BAR + 1];
    double now = fd_now();
    if (fd_log_is_terminal()) {
        int full = p->all > 0 ? (int)(BAR * done / p->all) : BAR;
        memset(bar, ' ', BAR);
        memset(bar, '=', (size_t)full);
        bar[BAR] = 0;
        describe(p, done, words, sizeof words);
        snprintf(line, sizeof line, "[%s] %s", bar, words);
        fd_log_progress(line);
    } else if (now - p->shown >= EVERY_SECONDS) {
        p->shown = now;
        describe(p, done, words, sizeof words);
        fd_say(FD_NORMAL, "%s", words);
    }
}

void fd_progress_end(fd_progress *p)
{
    if (fd_log_is_terminal())
        fd_log_progress("");
    (void)p;
}
