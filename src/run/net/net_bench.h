/* What facesdist-net does with a network once it is open: run it on samples, time it. */
#ifndef FD_RUN_NET_BENCH_H
#define FD_RUN_NET_BENCH_H

#include "net/net.h"

typedef struct fd_bench {
    fd_engine *engine;
    fd_net *net;
    fd_tensor input;            /* one batch, as it will be run; a network of any size: one image */
} fd_bench;

/* The shape of output i for this input. */
fd_tensor fd_bench_output(const fd_bench *b, int i);
/* Runs `samples` samples (host, dense), the last batch filled up with zeros; results[i] gets output i of all samples (host). */
fd_error *fd_bench_run(const fd_bench *b, const float *samples, int64_t n, float *const *results) FD_CHECK;
/* Milliseconds per item of each of `runs` runs after a warm-up, on `threads` lanes at once (time / batch / threads): times[threads * runs],
 * sorted. `batch` is what every run computes (host). */
fd_error *fd_bench_time(const fd_bench *b, const float *batch, int threads, int runs, double *times) FD_CHECK;

#endif
