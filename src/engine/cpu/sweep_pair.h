/* Pairs of a sweep that wait for their values, and the values. */
#ifndef FD_ENGINE_CPU_SWEEP_PAIR_H
#define FD_ENGINE_CPU_SWEEP_PAIR_H

#include "engine/cpu/sweep_side.h"

/* The value of row i of x and row j of y, by the block's metric (kernels/math/pair.h). */
float fd_sweep_value(const fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t j);

/* Pair (i, j) for row i's list, by its product: it waits, or gets its value where the product says nothing, or nothing is done where it does not pass. */
void fd_sweep_offer(fd_sweep_side *x, int64_t i, const fd_sweep_side *y, int64_t j, float product);

/* All pairs that wait on side x get their values; of two sides, each is settled once. That is bound by the memory that the rows come from. So the pairs of
 * the best sure scores come first, after which most others fail; and where rows are long beside lists, a value goes to both rows of its pair, if it may
 * count in both (lists are as far away as short rows are). */
void fd_sweep_settle(fd_sweep_side *x, fd_sweep_side *y, bool first);

#endif
