/* Matrix products of small integers, which every right kernel gets exactly, and how they are verified. */
#ifndef FD_RUN_BENCH_PRODUCT_H
#define FD_RUN_BENCH_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* c = a . b, row-major, float or double. Factors are whole numbers of at most FD_FACTOR in size: with depth up to 100,000 every sum is below
 * 2^24, so float32 holds it exactly in whatever order it was made. */
typedef struct fd_product {
    int64_t rows, depth, columns;
    const void *a; /* [rows][depth] */
    const void *b; /* [depth][pitch_b], of which `columns` count */
    const void *c; /* [rows][columns] */
    int64_t pitch_b;
    bool wide; /* double */
} fd_product;

enum { FD_FACTOR = 8 };

/* n seeded factors. */
void fd_product_fill(void *to, int64_t n, bool wide, uint64_t seed);

/* Freivalds (1977): c r == a (b r) for a random vector r, in whole numbers. A wrong row of c passes with a chance of 2^-21 at most. Then some
 * rows are computed anew and compared number by number. FD_MISMATCH names the first row that is wrong. */
fd_error *fd_product_check(const fd_product *p, uint64_t seed) FD_CHECK;

#endif
