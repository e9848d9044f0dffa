/* The ladder: one product of square matrices, written five times, each time with one idea more. For readers: every rung has its text, which the
 * page shows beside what it gained. One thread; and a ladder of four for a GPU. */
#ifndef FD_RUN_BENCH_LADDER_H
#define FD_RUN_BENCH_LADDER_H

#include <stddef.h>
#include <stdint.h>

#include "run/bench/vector.h"

typedef struct fd_rung {
    const char *series; /* of its trials: "1 naive" */
    const char *change; /* what was changed, why, and what that should do: for the page */
    double least, most; /* predicted gain over the rung before, as factors */
    int by_lanes; /* they are to be multiplied by the lanes of a vector */
    /* c = a . b, [n][n] each; c holds zeros before. `scratch`: fd_ladder_scratch(n) floats, aligned. NULL on a GPU: there its engine runs it
     * (engine/lesson.h). */
    void (*run)(const fd_vectors *v, const float *a, const float *b, float *c, int64_t n, float *scratch);
} fd_rung;

const fd_rung *fd_rung_at(int i); /* NULL past the last */
const fd_rung *fd_gpu_rung_at(int i); /* the same of the GPU's ladder */
size_t fd_ladder_scratch(int64_t n);

#endif
