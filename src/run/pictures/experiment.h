/* facesdist-invert --experiment: one kernel launched in several ways, to see what a launch decides. */
#ifndef FD_RUN_EXPERIMENT_H
#define FD_RUN_EXPERIMENT_H

#include "base/option.h"
#include "comm/comm.h"
#include "data/decode.h"
#include "run/pictures/team.h"

enum { FD_TRIALS = 6, FD_TRIAL_ENGINES = 2, FD_TRIAL_SIZES = 16, FD_TRIAL_ROWS = FD_TRIALS * FD_TRIAL_ENGINES * (FD_TRIAL_SIZES + 1) };

/* A launch on a picture, and what came of it. */
typedef struct fd_trial_row {
    int engine, trial;        /* indices */
    int64_t pixels;           /* of the picture */
    fd_thread_grid launch;
    int64_t expected, changed;   /* pixels */
    double seconds, share;    /* the least of several runs; bytes read and written each second, as a part of a copy's */
} fd_trial_row;

typedef struct fd_experiment {
    fd_image picture;               /* RGB8 */
    bool stride;
    int64_t block;                  /* threads */
    int engines;
    char engine[FD_TRIAL_ENGINES][160];   /* "cpu: oneDNN ..., 2 threads" */
    double pixels[FD_TRIAL_SIZES + 1];
    int sizes;                      /* the picture itself is size 0 */
    char absent[200];               /* why there is no GPU; "" */
    fd_trial_row row[FD_TRIAL_ROWS];
    int rows;
    fd_image shown[FD_TRIAL_ENGINES][FD_TRIALS];   /* the picture after each launch, small */
} fd_experiment;

extern const char *const fd_trial_names[FD_TRIALS];

/* One rank does it, the others wait. The table goes to standard output, the page to --output. */
fd_error *fd_run_invert_experiment(fd_comm *c, fd_options *o) FD_CHECK;

/* experiment_page.c */
fd_error *fd_experiment_page(const fd_experiment *e, const char *path) FD_CHECK;

#endif
