/* One side of a sweep: the tests of a block's rows, and the pairs that wait for their values. The formulas are in sweep.h. */
#ifndef FD_ENGINE_CPU_SWEEP_SIDE_H
#define FD_ENGINE_CPU_SWEEP_SIDE_H

#include "engine/cpu/sweep.h"

struct fd_sweep_side {
    const fd_cpu_block *block;
    const fd_sweep_kernel *kernel;
    int64_t first;             /* global index of its first row */
    fd_topk list;              /* k = 0: none */
    double reach;              /* the radius; NAN: none, or the other side looks after it */
    double unit, kappa;        /* products are the data's divided by unit; kappa as above */
    double square_unit;        /* N^2 of this block times this: in units of the products */
    double other;              /* longest N of the other block */
    double grain;              /* scores that float32 takes for one value; see raise in sweep_offer.h */
    float farthest;            /* half the squared distance, or the product, beyond which values are infinite */
    int64_t padded;            /* rows, with those that only fill the last tile */
    int64_t pitch;             /* of `sure` */
    int64_t room;              /* of a row's waiting pairs */
    float *test, *half;        /* [padded]; test: that of the list or that of the radius, whichever is lower */
    fd_sweep_row *row;         /* [padded] */
    float *square;             /* [padded] N^2 in units of the products; -1: wild; -2: not usable */
    float *sure;               /* [n][pitch]: +inf, and k places of sure scores, descending, from FD_SURE on */
    fd_waiting *waiting;       /* [n][room] */
};

/* Lists of so many at most are seeded, by half as many classes again (or 32), in whole tiles of rows. */
enum { FD_SEED_MOST = 128, FD_SEED_CLASSES = FD_SEED_MOST * 3 / 2 + FD_GEMM_ROWS };
enum { FD_SURE = 16 };         /* [FD_SURE - 1] is +inf; a vector's place, so that lists are aligned */

enum { FD_WILD = -1, FD_UNUSABLE = -2 };

/* Bytes of the arrays of a side, and where they lie in `memory` (FD_ALIGN-aligned); then what they hold, from the members above them. */
size_t fd_sweep_side_bytes(int64_t n, int64_t k);
void fd_sweep_side_open(fd_sweep_side *x, void *memory);
/* The lowest score of a row that may still be within `limit`, by the formula above. */
float fd_sweep_test_of(const fd_sweep_side *x, int64_t i, double limit);
/* A value of row i is known: into the list. */
void fd_sweep_known(fd_sweep_side *x, int64_t i, float value, int64_t index);
/* Makes row i ready for waiting pairs: its waits are -1 before. */
void fd_sweep_take_list(fd_sweep_side *x, int64_t i);

#endif
