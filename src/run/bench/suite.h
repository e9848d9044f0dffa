/* The suites, one const table; each is a file suite_*.c. */
#ifndef FD_RUN_BENCH_SUITE_H
#define FD_RUN_BENCH_SUITE_H

#include "run/bench/session.h"

/* What its curves show beside the time. */
typedef enum fd_rate { FD_RATE_ITEMS, FD_RATE_OPERATIONS, FD_RATE_BYTES } fd_rate;

typedef struct fd_suite {
    const char *name; /* as in --suite */
    const char *title; /* of its section of the page */
    const char *size; /* what fd_trial.size counts, with its unit */
    const char *item; /* what fd_trial.items counts: "images" */
    fd_rate rate; /* per second: what is drawn and printed */
    const char *text; /* for a reader who knows none of it: what is measured, what the curves are, what to look for */
    fd_error *(*run)(fd_session *s); /* adds its points; an error ends the program */
} fd_suite;

/* Suite i; NULL past the last. The first one measures the ceilings and is always run. */
const fd_suite *fd_suite_at(int i);
const fd_suite *fd_suite_named(const char *name); /* NULL: none */

extern const fd_suite fd_suite_ceilings, fd_suite_nets, fd_suite_matmul, fd_suite_invert, fd_suite_motion, fd_suite_conv, fd_suite_decode,
    fd_suite_distances, fd_suite_io;

#endif
