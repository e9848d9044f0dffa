/* Groups of rows that belong together, from the graph of the pairs within a radius. The same groups for the same graph, always. */
#ifndef FD_DIST_CLUSTER_H
#define FD_DIST_CLUSTER_H

#include <stdint.h>

#include "base/status.h"
#include "engine/metric.h"

/* Neighbours of row i: neighbour[start[i]] .. neighbour[start[i + 1] - 1], each with its weight (NULL: all equal), positive and the same in both
 * directions, in which each pair is there. A row among its own neighbours counts for nothing. FD_FORMAT where start does not ascend or a neighbour
 * is no row. */
typedef struct fd_graph { int64_t n; const int64_t *start, *neighbour; const int32_t *weight; } fd_graph;

/* Labels number the groups 0.., the largest first, of equal ones that with the earlier first row; a row without neighbours is a group of its own.
 * label [n]. */

/* Connected components: rows that a chain of neighbours links. */
fd_error *fd_cluster_connected(const fd_graph *g, int64_t *label) FD_CHECK;

/* Chinese whispers (Biemann 2006): every row begins with a label of its own and takes, in an order drawn anew for each round, the one whose bearers
 * among its neighbours weigh most together, of equally heavy ones the smallest. Ends when a round changes nothing, after FD_WHISPER_ROUNDS at the
 * latest. */
enum { FD_WHISPER_ROUNDS = 100 };
fd_error *fd_cluster_whispers(const fd_graph *g, uint64_t seed, int64_t *label) FD_CHECK;

/* weight [n] of pairs that are value[i] apart and within the radius: how much more alike they are than a pair just at it, by the squared length or the
 * inner product, as which the squared distance and the cosine count too; 1 at the radius, 1 + FD_WEIGHT_MOST for equal rows (inner: for the pair most
 * alike). Whole numbers, so that the order of a sum changes nothing. Groups that are just linked by pairs near the radius stay apart with these, and
 * the drawn order hardly matters, unlike where pairs weigh the same. */
enum { FD_WEIGHT_MOST = 1 << 20 };
void fd_cluster_weights(fd_metric metric, float radius, const float *value, int64_t n, int32_t *weight);

/* *size = [*groups] how many rows have each label; negative ones are passed over. free(*size). */
fd_error *fd_cluster_sizes(const int64_t *label, int64_t n, int64_t **size, int64_t *groups) FD_CHECK;

/* Union-find, for graphs that are seen an edge at a time. parent [n]; roots are the smallest rows of their sets. */
void fd_union_init(int64_t *parent, int64_t n);
void fd_union_join(int64_t *parent, int64_t a, int64_t b);
int64_t fd_union_root(int64_t *parent, int64_t a);
/* Labels as above from any numbers 0..n-1 that are equal within a group, in place; what is negative is in no group and stays. */
fd_error *fd_cluster_number(int64_t *label, int64_t n) FD_CHECK;

#endif
