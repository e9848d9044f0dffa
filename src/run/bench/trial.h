/* What a benchmark measures, a row for each point: one suite, one curve of it, one size, on one device. */
#ifndef FD_RUN_BENCH_TRIAL_H
#define FD_RUN_BENCH_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum fd_trial_state { FD_TRIAL_MEASURED, FD_TRIAL_SKIPPED, FD_TRIAL_NOT_BUILT, FD_TRIAL_FAILED, FD_TRIAL_STATES } fd_trial_state;

/* Seconds are of one call, by the clock on the wall; NAN: not measured, or does not apply. */
typedef struct fd_trial {
    char suite[12]; /* "matmul" */
    char series[40]; /* one curve of a plot: "engine f32" */
    char device[12]; /* "cpu", "cuda", "emulator" */
    int threads; /* 1 on a GPU: what its lanes do is the engine's */
    double size; /* along the curve; what it counts is the suite's (fd_suite.size) */
    fd_trial_state state;
    int64_t runs; /* samples that were taken */
    double least, median, most;
    double predicted; /* before the point was run, from the points and ceilings before it */
    double first; /* preparing and the first call */
    double upload, download; /* to and from the device's memory; NAN where that is the host's own */
    double items, operations, bytes; /* of one call; bytes: what must move at least */
    double overhead; /* seconds that the point took beside its samples: making data, preparing, checking */
    char note[120];
} fd_trial;

/* Zero-initialise; free(trial). */
typedef struct fd_trials {
    fd_trial *trial;
    size_t n, capacity;
} fd_trials;

const char *fd_trial_state_name(fd_trial_state state); /* "measured", "skipped", "not built", "failed" */

/* A trial of which nothing is known but these; series: a printf format. */
fd_trial fd_trial_of(const char *suite, const char *device, int threads, double size, const char *series, ...)
    __attribute__((format(printf, 5, 6)));

fd_error *fd_trials_add(fd_trials *all, const fd_trial *t) FD_CHECK;

/* The last measured trial of that curve, NULL: none. */
const fd_trial *fd_trials_last(const fd_trials *all, const fd_trial *like);

/* What one call of `t` should take, in seconds, by its operations (where it counts none its bytes, else its items): scaled from the curve's
 * last point; else from the slowest rate of that suite on that device; else NAN. */
double fd_trials_predict(const fd_trials *all, const fd_trial *t);

/* Per second of the median; NAN where the numerator is. */
double fd_trial_rate(const fd_trial *t, double of);

/* The median of n times, which it sorts. */
double fd_median(double *times, int64_t n);

#endif
