/* What of a run can be checked before it is made again: its photographs, its model, its options. */
#ifndef FD_RUN_RERUN_CHECK_H
#define FD_RUN_RERUN_CHECK_H

#include "face/pack.h"
#include "run/faces/job.h"
#include "run/rerun/rerun_recipe.h"

/* What was found, each printed as a line on stdout. */
typedef struct fd_findings {
    int64_t changed, missing, model, option;
} fd_findings;

/* All ranks read the photographs and compare their hashes with the recorded ones; rank 0 prints. Collective: `recipe` is read on rank 0 alone,
 * `job` has comm and options. */
fd_error *fd_check_photographs(fd_job *job, const fd_recipe *recipe, fd_findings *out) FD_CHECK;
/* Rank 0: every file of the pack, and what pack.ini says. */
fd_error *fd_check_model(const fd_recipe *recipe, fd_findings *out) FD_CHECK;
/* Rank 0: whether this program has the options, and whether /run agrees with itself. */
fd_error *fd_check_options(const fd_recipe *recipe, const fd_program *program, fd_findings *out) FD_CHECK;

#endif
