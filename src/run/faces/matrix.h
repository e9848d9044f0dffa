/* The distance stage of the main job: every rank gets all embeddings and computes its share of the pairs. */
#ifndef FD_RUN_MATRIX_H
#define FD_RUN_MATRIX_H

#include "run/faces/assemble.h"
#include "run/pairs/pairing.h"

/* Fills *p, whose `wanted` is set. Collective. fd_pairing_free in any case. */
fd_error *fd_job_pairing(fd_job *job, const fd_assembly *a, fd_pairing *p) FD_CHECK;
/* Computes; tiles go to w. Collective. */
fd_error *fd_job_pairs(fd_job *job, const fd_assembly *a, fd_pairing *p, fd_result_writer *w) FD_CHECK;

#endif
