/* How rows of numbers cross between the ranks: by NCCL from GPU to GPU, or by MPI; chosen once, told, recorded. */
#ifndef FD_RUN_EXCHANGE_H
#define FD_RUN_EXCHANGE_H

#include <stdbool.h>

#include "comm/comm.h"
#include "engine/engine.h"

/* What a rank computes with. */
typedef struct fd_exchange_end { char host[64], uuid[64], engine[24]; } fd_exchange_end;   /* uuid "": of no GPU */

/* Whether NCCL can join these ranks; else *reason says why not. It takes one whole GPU for each rank. */
bool fd_exchange_possible(const fd_exchange_end *end, int ranks, char *reason, size_t size);

typedef struct fd_exchange_wish {
    const char *option, *value;   /* "--exchange" and auto, nccl or mpi */
    const char *what;             /* crosses: "embeddings" */
} fd_exchange_wish;

/* auto: NCCL where there are several ranks and it can be had, else MPI, and for ranks with GPUs a line says why. nccl: FD_DEVICE where it
 * cannot be had. What fails once NCCL itself has begun is FD_COMM. Collective. */
fd_error *fd_exchange_open(fd_comm *c, const fd_engine *e, const fd_exchange_wish *w, char *chosen, size_t size) FD_CHECK;

/* For /run: `chosen`, and what NCCL did. */
void fd_exchange_text(const fd_comm *c, const char *chosen, char *out, size_t size);

#endif
