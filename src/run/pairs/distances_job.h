/* facesdist-distances: the distance stage alone, of rows from a file. */
#ifndef FD_RUN_DISTANCES_JOB_H
#define FD_RUN_DISTANCES_JOB_H

#include "base/text.h"
#include "run/pairs/pairing.h"
#include "run/pairs/vectors.h"

typedef struct fd_distances_run {
    fd_comm *comm;
    fd_options *options;
    int rank, ranks;
    char *output, *temporary, *journal;   /* d.h5, d.h5.tmp, d.h5.journal */
    char shown[FD_ESCAPED];            /* output as it is printed */
    fd_lock *lock;                     /* of the journal, held by rank 0; else NULL */
    double timeout;
    fd_watch *watch;                   /* looks after this rank */
    int64_t memory;
    fd_vectors *vectors[2];            /* queries and gallery; the first is NULL where rows are compared with each other */
    fd_vectors_facts facts[2];
    fd_survey survey;                  /* of both */
    fd_engine *engine;
    fd_pairing pairing;
    char transport[512];               /* how rows cross between the ranks, for /run */
    fd_string pin;                     /* "key = value" lines that determine the result's bytes */
    fd_stage_row stages[FD_STAGES];
    char started[21];
    double start;                      /* fd_now() */
} fd_distances_run;

extern const fd_program fd_distances_program;
fd_error *fd_run_distances(fd_comm *c, fd_options *options, int *exit_code) FD_CHECK;

/* distances_history.c: *complete: a result of the same rows and options is there. Takes the lock. Collective. */
fd_error *fd_distances_history(fd_distances_run *r, bool *complete) FD_CHECK;
/* Rank 0: removes the journal of a result that is whole; what hinders that is a warning. */
void fd_distances_drop_journal(const fd_distances_run *r);
/* distances_result.c: from the file's layout to its commit. Collective. */
fd_error *fd_distances_publish(fd_distances_run *r) FD_CHECK;
/* All datasets but those of the radius and of clusters; returns how many, at most 8. They borrow from r. */
int fd_distances_columns(fd_distances_run *r, fd_column *out);

/* distances_forecast.c: what a run would take, on stdout. */
fd_error *fd_distances_forecast(fd_distances_run *r) FD_CHECK;

#endif
