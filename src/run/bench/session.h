/* One run of facesdist-bench: the devices it measures, what it has measured, and the clock of the suite in hand. */
#ifndef FD_RUN_BENCH_SESSION_H
#define FD_RUN_BENCH_SESSION_H

#include "base/option.h"
#include "engine/engine.h"
#include "run/bench/energy.h"
#include "run/bench/gpu_clock.h"
#include "run/bench/trial.h"
#include "run/bench/vector.h"

/* A device with its engine. */
typedef struct fd_place {
    fd_engine *engine;
    char name[12]; /* of fd_trial.device */
    int threads; /* lanes that compute at once: --threads on a processor, 1 on a GPU */
    bool apart; /* it has memory of its own: there are uploads and downloads */
    double opened; /* seconds that opening it took: context, libraries */
} fd_place;

/* What the machine can do at best, measured before the suites; NAN: not measured. Operations and bytes per second. */
typedef struct fd_ceiling {
    double operations, bytes;
} fd_ceiling;

/* The processor before and after a suite. */
typedef struct fd_clock {
    char suite[12];
    double mhz[2]; /* as the kernel tells; NAN where it does not */
    double peak[2]; /* multiply-adds in registers on one core, operations per second: falls when the clock does */
    fd_gpu_clock gpu[2]; /* of the second place, where that is a GPU */
    double load; /* processes that wanted a core on average over the last minute, at the end; NAN: unknown */
    fd_energy energy; /* the processors', before */
    double joules; /* that they took from before to after; NAN: the kernel does not tell */
} fd_clock;

enum { FD_PLACES = 2, FD_CLOCKS = 16 };

typedef struct fd_session {
    const fd_options *options;
    fd_place place[FD_PLACES]; /* the processor first */
    int places;
    char no_gpu[256]; /* why there is none; "" where there is one, or none was wanted */
    const fd_vectors *vectors; /* code for this processor, by --isa */
    int threads;
    double budget, start; /* seconds; when this suite began, as fd_now() */
    fd_ceiling one, all, gpu; /* one thread, all threads, the GPU */
    fd_clock clock[FD_CLOCKS];
    int clocks;
    fd_trials trials;
    char *scratch; /* the folder of the output, for files that come and go */
} fd_session;

/* Opens the devices that the options name. fd_session_close in any case. */
fd_error *fd_session_open(fd_session *s, const fd_options *o) FD_CHECK;
void fd_session_close(fd_session *s);

/* Seconds of the suite's budget that are left; may be negative. */
double fd_session_left(const fd_session *s);

/* Whether a point fits what is left. Its predicted time is filled in, from operations, bytes or items that the caller expects; a point that
 * does not fit is added as skipped, and *fits is false. The first point of a suite on a device always fits. FD_INTERRUPTED after a signal. */
fd_error *fd_session_fits(fd_session *s, fd_trial *t, bool *fits) FD_CHECK;

/* One call's work, done by `parts` threads at once, each on a lane of its own; complete when all have returned (lanes are synced by the
 * caller). */
typedef struct fd_work {
    const fd_place *place; /* NULL: no lanes */
    int parts;
    fd_error *(*run)(void *self, fd_lane *lane, int part);
    void *self;
} fd_work;

/* Runs it until its times are known: fills runs, least, median, most, and adds the first call's seconds to t->first. */
fd_error *fd_session_measure(fd_session *s, const fd_work *w, fd_trial *t) FD_CHECK;

/* Seconds of sending so many bytes to the device and of fetching so many, into t; nothing where the memory is the host's own. */
fd_error *fd_session_transfer(const fd_place *place, size_t up, size_t down, fd_trial *t) FD_CHECK;

/* The point is finished: `began` is when (fd_now()) its data began to be made. Adds it, and tells the user. */
fd_error *fd_session_add(fd_session *s, fd_trial *t, double began) FD_CHECK;

/* Adds a point that was not measured, and why. */
fd_error *fd_session_pass(fd_session *s, fd_trial *t, fd_trial_state state, const char *format, ...)
    __attribute__((format(printf, 4, 5))) FD_CHECK;

/* Notes clock and load before (which 0) and after (1) a suite. */
void fd_session_clock(fd_session *s, const char *suite, int which);

#endif
