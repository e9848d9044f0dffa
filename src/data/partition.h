/* Who does what: a pure function of the costs and the number of parts. */
#ifndef FD_DATA_PARTITION_H
#define FD_DATA_PARTITION_H

#include <stdint.h>

/* Cuts items 0..n-1 with costs cost[i] > 0 into `parts` runs of neighbours: part p owns first[p] .. first[p + 1] - 1; first has parts + 1
 * entries. The largest load is at most the mean plus the largest item, and at most 1.05 of the mean when no item exceeds 5 % of it. Parts
 * may be empty. The same on every rank. */
void fd_partition(const double *cost, int64_t n, int parts, int64_t *first);

#endif
