/* Loops that know this processor's vectors: its ceilings, and the last two rungs of the ladder of matrix products. */
#ifndef FD_RUN_BENCH_VECTOR_H
#define FD_RUN_BENCH_VECTOR_H

#include <stdint.h>

enum { FD_CHAINS = 12 }; /* independent multiply-adds in flight: latency 4, two a cycle, and some to spare */

typedef struct fd_vectors {
    const char *name; /* of the instruction set: "avx2" */
    int lanes; /* floats of a vector */
    int rows, width; /* of the register tile */
    /* rounds * FD_CHAINS * lanes multiply-adds (2 operations each) in registers; the result is of no use but must be looked at. */
    float (*chains)(int64_t rounds);
    /* a[i] = b[i] + s * c[i]; n a multiple of `lanes`. */
    void (*triad)(float *a, const float *b, const float *c, float s, int64_t n);
    /* to[rows][pitch] += a . b over `depth`: a[k * step_a + r * row_a] is row r's value k, b[k * step_b ...] `width` values. */
    void (*tile)(const float *a, int64_t row_a, int64_t step_a, const float *b, int64_t step_b, int64_t depth, float *to, int64_t pitch);
} fd_vectors;

/* By the level of fd_engine_isa_level; below 0: any processor's. */
const fd_vectors *fd_vectors_of(int level);

extern const fd_vectors fd_vectors_base, fd_vectors_avx2, fd_vectors_avx512;

#endif
