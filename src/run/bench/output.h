/* What a run leaves: an HDF5 file, a CSV file, a page. */
#ifndef FD_RUN_BENCH_OUTPUT_H
#define FD_RUN_BENCH_OUTPUT_H

#include "run/bench/facts.h"
#include "run/bench/session.h"

/* /trials/..., a column for each member of fd_trial; /clocks/...; the facts as attributes of /run. At least one trial. */
fd_error *fd_bench_write_h5(const fd_session *s, const fd_fact *facts, int n, const char *path) FD_CHECK;
/* The trials and, where wanted, one fact of such a file (*text NULL: it has none). */
fd_error *fd_bench_read_h5(const char *path, fd_trials *out, const char *fact, char **text) FD_CHECK;

/* A line for each trial, units in the names; what is not known is empty. */
fd_error *fd_bench_write_csv(const fd_session *s, const char *path) FD_CHECK;
fd_error *fd_bench_write_page(const fd_session *s, const fd_fact *facts, int n, const char *path) FD_CHECK;
/* The same for the terminal. */
fd_error *fd_bench_print(const fd_session *s) FD_CHECK;

/* What a suite counts per second, with its unit: "123 Gop/s", "4.5 images/s"; "" where it was not measured. Returns out. */
struct fd_suite;
char *fd_bench_rate_text(const struct fd_suite *suite, const fd_trial *t, char out[48]);
/* What the machine's ceilings allow for that trial, as a share of 1; NAN: not known. */
double fd_bench_share(const fd_session *s, const fd_trial *t);
/* The ceiling that a trial is held against. */
const fd_ceiling *fd_bench_ceiling(const fd_session *s, const fd_trial *t);

/* bench_compare.c: prints two results side by side. */
fd_error *fd_bench_compare(const char *a, const char *b, int *exit_code) FD_CHECK;

#endif
