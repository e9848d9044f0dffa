/* What bounded a run: the one thing that, were it faster, would have made the whole faster. */
#ifndef FD_RUN_BOUND_H
#define FD_RUN_BOUND_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "run/stage.h"

/* Of one rank, beside its stages. */
typedef struct fd_rank_load {
    int64_t threads, has_gpu;
    char uuid[64];               /* of its GPU */
    double busy;   /* seconds that its GPU worked while photographs were worked on */
    fd_device_seconds device;   /* since the first photograph */
} fd_rank_load;

/* "decode: 81 % of the time of 16 threads; the GPU was busy 34 %, 24 cores would saturate it". First which stage took the longest; where that
 * is the photographs, then what of it was in use for the largest part: the GPU, or one of the things that threads do. Cores: what a photograph
 * takes a thread until it is decoded, by what it takes the GPU; where ranks share one that is not known. stages: [ranks][FD_STAGES]. "" where
 * nothing took any time. Returns out. */
char *fd_bound_text(const fd_stage_row *stages, const fd_rank_load *loads, int ranks, char *out, size_t size);

#endif
