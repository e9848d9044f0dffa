/* What the benchmark measures on a GPU beside the operators of networks: a ladder of products to learn from, products in double precision, and
 * the most multiply-adds. Arrays are in the engine's memory; matrices are [n][n], row-major; c is not a or b. */
#ifndef FD_ENGINE_LESSON_H
#define FD_ENGINE_LESSON_H

#include <stdint.h>

#include "engine/engine.h"

enum { FD_LESSON_RUNGS = 4 }; /* naive, tiled, vectorised, tensor cores (factors rounded to 16 bits) */

typedef struct fd_wide fd_wide; /* c = a . b in double precision, prepared for one size */

typedef struct fd_lesson_table {
    /* c = a . b, float32, by rung 0 .. FD_LESSON_RUNGS - 1. n: 1 .. 2^20. */
    fd_error *(*rung)(fd_lane *lane, int rung, int64_t n, const float *a, const float *b, float *c);
    fd_error *(*wide_open)(fd_engine *e, int64_t n, fd_wide **out);
    fd_error *(*wide_run)(const fd_wide *w, fd_lane *lane, const double *a, const double *b, double *c);
    void (*wide_close)(fd_wide *w); /* NULL is allowed */
    /* `rounds` times the multiply-adds that keep the whole device busy, in registers. *operations: how many, a multiply-add counted as two. */
    fd_error *(*chains)(fd_lane *lane, int64_t rounds, double *operations);
} fd_lesson_table;

#endif
