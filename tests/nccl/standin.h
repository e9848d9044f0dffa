/* What the two halves of the stand-in share: cudart.c, streams whose work goes on only while somebody asks for it, and nccl.c, collectives
 * over MPI. */
#ifndef TESTS_NCCL_STANDIN_H
#define TESTS_NCCL_STANDIN_H

#include <stdbool.h>
#include <stddef.h>

#include "nccl.h"

/* One piece of queued work: true when it is through. Called again and again, in the order of the stream, until it is. */
typedef bool standin_work(void *self);
void standin_queue(cudaStream_t s, standin_work *work, void *self);   /* self: of malloc, freed after the work */

/* A collective that was called may not have reached its stream yet: what is queued behind it then would overtake it. Such a mistake ends the
 * process. */
extern int standin_unsettled;

#endif
