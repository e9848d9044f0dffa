#include "data/partition.h"

#include <assert.h>

/* Item i goes to the part in which the middle of its cost lies, when all costs are laid end to end and the whole is cut into equal parts. A
 * part then reaches over each of its two ends by at most half an item: load <= mean + largest item. */
void fd_partition(const double *cost, int64_t n, int parts, int64_t *first)
{
    assert(n >= 0 && parts > 0);
    double total = 0, before = 0;
    for (int64_t i = 0; i < n; i++)
        total += cost[i];
    int owner = 0;
    first[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        double part = (before + cost[i] / 2) / total * parts;   /* never falls with i, so parts are runs of neighbours */
        while (owner < parts - 1 && owner + 1 <= part)
            first[++owner] = i;
        before += cost[i];
    }
    while (owner < parts)
        first[++owner] = n;
}
