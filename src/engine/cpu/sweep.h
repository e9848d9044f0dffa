/* Sweeps of the cpu engine: products of low precision decide which pairs may count, and only those get their value (kernels/math/pair.h).
 *
 * Notation: u, v are two rows as the block scales them (by a power of two; cosine: to length 1), N = |u|, u' is what the operand holds of u,
 * rho = max |u - u'| / N over the rows of both blocks, c the computed product of u' and v'. The sum of dim products has at most 2 dim
 * roundings to nearest on a path, however it is ordered, fused or not, so with g = (2 dim + 16) 2^-24
 *     |c - u'.v'| <= g |u'| |v'|,   |u'.v' - u.v| <= |u - u'| |v| + |u'| |v - v'|,   and together
 *     |c - u.v| <= kappa N_u N_v,   kappa = 2 rho (1 + rho) + g (1 + rho)^2.
 * Matrix units flush what is below 2^-126: dim 2^-124 in sum, which is nothing beside N_u N_v as long as N >= 2^-40; smaller rows, but for rows
 * of zeros, pass every test ("wild"). For distances 2 N_u N_v <= N_u^2 + N_v^2, so that |u - v|^2 >= (1 - kappa)(N_u^2 + N_v^2) - 2 c, and a
 * pair can only be within the squared distance T when
 *     c >= test + half,   half = (1 - kappa) N_v^2 / 2,   test = (1 - kappa) N_u^2 / 2 - T / 2.
 * For the inner product to reach t: half = 0, test = t - kappa N_u max N_v. Roundings of test + half in float32 are covered by 2^-20 added to
 * kappa and 2^-20 |test| subtracted from test.
 *
 * Nor is the value of a pair that passes computed at once. By the same bound |u - v|^2 / 2 <= (1 + kappa) N_u^2 / 2 - p with the pair's sure
 * score p = c - half - kappa N_v^2 (inner product: u.v >= p - kappa N_u max N_v with p = c), so with p_k the k-th largest of a row's sure scores,
 * k pairs are at least that near, and test may rise to p_k - spread, spread = kappa N_u^2 (inner product: 2 kappa N_u max N_v). Pairs wait with
 * their scores; most that passed early fail the test that later ones have raised, and only the rest get their value.
 *
 * Most pairs that pass do so before the first k good ones are known. So where lists are empty, a column's products with the first rows of the other side
 * are looked at twice: these rows fall into classes, of each the best sure score is kept, and the k-th of these is a lower bound of p_k; then the products,
 * which are still in the cache, are offered like all others. */
#ifndef FD_ENGINE_CPU_SWEEP_H
#define FD_ENGINE_CPU_SWEEP_H

#include <stdbool.h>

#include "engine/cpu/gemm.h"
#include "engine/distance.h"

/* Rows of an operand come in panels: PANEL of them, padded with rows of zeros. */
enum { FD_SWEEP_PANEL = 32, FD_SWEEP_ROWS = 32, FD_SWEEP_WIDTH = 32, FD_SWEEP_TILE = FD_SWEEP_ROWS * FD_SWEEP_WIDTH };

/* Never: of rows that take part in nothing. Always: passes whatever stands on the other side. Sums of the two: never. */
#define FD_NEVER 3e38F
#define FD_ALWAYS (-1e30F)
#define FD_SWEEP_MOST 1e28   /* of half, in size; smaller distances pass: products are below 2^18 dim */

typedef struct fd_cpu_block {
    fd_block base;
    bool matrix_unit;      /* operands are bfloat16 for it, else float32 */
    int64_t pitch;         /* floats of a row: dim rounded up to 16, zeros behind */
    int exponent;          /* operands are rows times 2^-exponent; 0 where they need none */
    double rho, longest;   /* max |u - u'| / N and max N of the usable rows */
    float *row;            /* [n][pitch] */
    float *tail;           /* float32: the last rows of `left` that fill no panel, zeros behind: [rows of the product][pitch] */
    double *factor;        /* [n]: fd_ref_factor */
    double *square;        /* [n]: N^2; negative: wild */
    /* Operands. bfloat16: in panels of FD_SWEEP_PANEL, in tiles. float32: left [n][pitch], the rows themselves where they need no scaling; right in
     * panels of the product's width. */
    void *left, *right;
} fd_cpu_block;

typedef struct fd_sweep_side fd_sweep_side;
/* What is asked of a row whenever one of its pairs passed: in one line of the cache. */
typedef struct fd_sweep_row {
    float list_test, reach_test, spread;
    int32_t waits;   /* how many pairs; -1: sure scores not yet taken from the list */
} fd_sweep_row;

typedef struct fd_waiting { float score; int32_t other; } fd_waiting;   /* product - half; the row of the other side */

/* A tile of products: rows i.. of side a, columns j.. of side b. */
typedef struct fd_sweep_tile {
    fd_sweep_side *a, *b;   /* the same where the blocks are: only pairs i < j count */
    int rows, width;
    int64_t i, j;
} fd_sweep_tile;

/* Pairs that passed, of several tiles: dealt with one by one, each would wait for its row's list to come from a slower cache. */
enum { FD_SWEEP_BATCH = 256 };   /* when there are so many, they are dealt with */
typedef struct fd_passed { float product; int32_t i, j; } fd_passed;
typedef struct fd_sweep_batch {
    int n;
    fd_passed pair[FD_SWEEP_BATCH + FD_SWEEP_TILE];
} fd_sweep_batch;

/* What is left to be done with a pair of a batch: its place there, and for whom. */
enum { FD_REST_PLACE = 0x7ff, FD_REST_A = 0x2000, FD_REST_B = 0x4000, FD_REST_RADIUS = 0x8000 };
_Static_assert(FD_SWEEP_BATCH + FD_SWEEP_TILE <= FD_REST_PLACE + 1, "places fit");

/* Bins of a row of pairs from their products, in float32. */
typedef struct fd_sweep_bins {
    fd_metric metric;
    float unit;                     /* squared distance, or product, in the data's own units: that of the operands times this */
    float kappa;                    /* as above */
    float low, scale, bins;
} fd_sweep_bins;

typedef struct fd_sweep_kernel {
    const fd_gemm_kernel *gemm;
    /* Adds the pairs of a tile whose products pass to a batch of fewer than FD_SWEEP_BATCH. */
    void (*collect)(const fd_sweep_tile *t, const float *dot, fd_sweep_batch *batch);
    /* Puts the pairs of a batch among those that wait; what it cannot do itself (with radius: also those that may be within it) is named in rest[].
     * Returns how many these are. */
    int (*deal)(fd_sweep_side *a, fd_sweep_side *b, bool radius, const fd_sweep_batch *batch, uint16_t *rest);
    /* Pair (i, other) of side x waits; its score has passed list_test. False, and it does not: there was no room, or its product says
     * nothing. */
    bool (*wait)(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t other, float product);
    /* Drops of n waiting pairs those whose score is below the test; returns how many are left. */
    int32_t (*sift)(fd_waiting *waiting, int32_t n, float test);
    /* best[rows][width]: the largest sure score of each place in any tile so far, for side b; begins as FD_ALWAYS. */
    void (*best)(const fd_sweep_tile *t, const float *dot, float *best);
    /* Raises the tests of side b's rows j.. by best[classes][width], which are of different pairs. b's lists are empty and at most FD_SEED_MOST long. */
    void (*seed)(const fd_sweep_tile *t, int classes, const float *best);
    /* As in kernels/math/pair.h, on rows padded to a multiple of 16. */
    double (*squares)(const float *x, const float *y, int64_t pitch);
    double (*turned)(const float *x, double p, const float *y, double q, int64_t pitch);   /* of x p and y q */
    double (*dot)(const float *x, const float *y, int64_t pitch);
    float (*largest)(const float *x, int64_t pitch);   /* in size */
    /* u[pitch] = x f, rounded to float32 or (half) to bfloat16; *square = |x f|^2, *error = |x f - u|^2. */
    void (*operand)(const float *x, double f, bool half, int64_t pitch, float *u, double *square, double *error);
    /* Lowest and highest place in fd_histogram's count that each of n pairs may have, by square_a, square_b[n]: N^2; high -1 where N^2 says
     * nothing. */
    void (*places)(const fd_sweep_bins *h, const float *dot, float square_a, const float *square_b, int64_t n, int32_t *low, int32_t *high);
} fd_sweep_kernel;

extern const fd_sweep_kernel fd_sweep_base, fd_sweep_avx2, fd_sweep_avx512;
const fd_sweep_kernel *fd_sweep_kernel_of(const fd_engine *e);

size_t fd_cpu_sweep_bytes(const fd_engine *e, const fd_block_desc *d, int64_t k);
size_t fd_cpu_block_bytes(const fd_engine *e, const fd_block_desc *d);
fd_error *fd_cpu_block_open(fd_lane *lane, const fd_block_desc *d, fd_block **out) FD_CHECK;
void fd_cpu_block_close(fd_block *block);
fd_error *fd_cpu_sweep(fd_lane *lane, const fd_sweep *s) FD_CHECK;

#endif
