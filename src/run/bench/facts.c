#include "run/bench/facts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "data/decode.h"
#include "run/bench/blas.h"
#include "run/machine.h"

typedef struct list {
    fd_fact *fact;
    int n;
} list;

static void add(list *l, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add(list *l, const char *name, const char *format, ...)
{
    va_list args;
    l->fact[l->n].name = name;
    va_start(args, format);
    vsnprintf(l->fact[l->n].text, sizeof l->fact->text, format, args);
    va_end(args);
    l->n++;
}

/* The same loop in registers before and after all suites: what it lost is the clock's, or another program's. */
bool fd_facts_steady(const fd_session *s, double *least, double *most)
{
    *least = INFINITY, *most = 0;
    for (int i = 0; i < s->clocks; i++)
        for (int k = 0; k < 2; k++) {
            *least = fmin(*least, s->clock[i].peak[k]);
            *most = fmax(*most, s->clock[i].peak[k]);
        }
    return *least >= 0.9 * *most;
}

static void add_clock(list *l, const fd_session *s)
{
    double least, most;
    const bool steady = fd_facts_steady(s, &least, &most);
    if (most > 0)
        add(l, "clock", "multiply-adds of one core between %.1f and %.1f billion operations a second over the run%s", least * 1e-9, most * 1e-9,
            steady ? ": steady" : ": it was throttled, or shared with others");
}

int fd_facts_of(const fd_session *s, const char *started, fd_fact *facts)
{
    list l = {facts, 0};
    struct utsname u = {0};
    char text[256], bytes[16], now[21];
    uname(&u);
    fd_utc(now);
    add(&l, "program", "facesdist-bench %s", fd_version());
    add(&l, "host", "%s", u.nodename);
    add(&l, "system", "%s %s %s", u.sysname, u.release, u.machine);
    fd_machine_cpu(text, sizeof text);
    add(&l, "processor", "%s, %ld cores online, threads used: %d", text, sysconf(_SC_NPROCESSORS_ONLN), s->threads);
    add(&l, "memory", "%s", fd_bytes_text(bytes, (double)fd_machine_memory()));
    for (int i = 0; i < s->places; i++)
        add(&l, i == 0 ? "engine" : "GPU", "%s: %s", s->place[i].name, s->place[i].engine->kind->description(s->place[i].engine));
    if (s->no_gpu[0])
        add(&l, "no GPU", "%s", s->no_gpu);
    add(&l, "BLAS", "%s", fd_blas_name() ? fd_blas_name() : "none was there when this was built");
    fd_decode_libraries(text, sizeof text);
    add(&l, "decoders", "%s", text);
#ifdef __clang__
    add(&l, "compiler", "%s", __VERSION__);
#else
    add(&l, "compiler", "gcc %s", __VERSION__);
#endif
    add(&l, "budget", "%g s for each suite", s->budget);
    add_clock(&l, s);
    add(&l, "started", "%s", started);
    add(&l, "finished", "%s", now);
    return l.n;
}
