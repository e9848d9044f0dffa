/* facesdist-eval: a result and a list of pairs, and how well the embeddings tell the same person from two. */
#ifndef FD_RUN_EVAL_H
#define FD_RUN_EVAL_H

#include "base/option.h"
#include "dist/roc.h"
#include "run/eval/eval_pairs.h"

extern const fd_program fd_eval_program;

/* Prints a table to stdout; writes what --output and --plot name. */
fd_error *fd_run_eval(fd_options *options, int *exit_code) FD_CHECK;

enum { FD_FAR_LEVELS = 6 };   /* 1e-1 .. 1e-6 */

/* Figures of one evaluation. Thresholds are values of the metric here: distances, not scores. */
typedef struct fd_eval {
    fd_metric metric;
    const char *metric_name;
    double threshold;             /* NaN: none is known */
    const char *threshold_from;   /* "--threshold", "the model"; "" where none is known */
    int64_t right;                /* pairs judged rightly with it */
    fd_pairs pairs;
    fd_roc roc;
    fd_cross cross;               /* thresholds are scores */
} fd_eval;

/* eval_json.c: all figures, the folds and the corners of the curve. */
fd_error *fd_eval_write_json(const fd_eval *e, const char *path) FD_CHECK;
/* eval_plot.c: the curve over the false accept rate, which runs by powers of ten; it needs nothing beside the file. */
fd_error *fd_eval_write_plot(const fd_eval *e, const char *path) FD_CHECK;

#endif
