/* The page of facesdist-bench: what its files share. */
#ifndef FD_RUN_BENCH_PAGE_H
#define FD_RUN_BENCH_PAGE_H

#include "run/bench/output.h"
#include "run/bench/suite.h"
#include "run/page/page.h"

/* bench_plot.c: curves over size of one suite on one device, a picture for each number of threads; `time`: milliseconds, else the suite's rate.
 * Nothing is added where nothing was measured. */
fd_error *fd_bench_curves(fd_page *p, const fd_session *s, const fd_suite *suite, const char *device, bool time) FD_CHECK;
/* Axis by powers of ten that holds least..most, both above 0. */
fd_axis fd_bench_decades(double least, double most, const char *label);

/* bench_roofline.c: every suite's points under the ceilings of one device and number of threads. */
fd_error *fd_bench_roofline(fd_page *p, const fd_session *s, const fd_place *place, int threads) FD_CHECK;

/* bench_ratio.c: the processor against the GPU, where both were measured: break-even sizes, and the ratio over size. */
fd_error *fd_bench_ratio(fd_page *p, const fd_session *s, const fd_suite *suite) FD_CHECK;

/* bench_lessons.c: the ladder of matrix products, each rung with its text, its prediction and what it gained. */
fd_error *fd_bench_lessons(fd_page *p, const fd_session *s) FD_CHECK;

#endif
