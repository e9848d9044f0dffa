/* The distance stage of the main job: all embeddings on every rank, tiles shared out over ranks and threads, written where they belong. */
#ifndef FD_RUN_MATRIX_H
#define FD_RUN_MATRIX_H

#include "run/assemble.h"
#include "store/result.h"

/* Fills /distances/full. Collective. */
fd_error *fd_job_matrix(fd_job *job, const fd_assembly *a, fd_result_writer *w) FD_CHECK;

#endif
