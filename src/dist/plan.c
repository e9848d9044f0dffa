/* The global grid of tiles and its partition. */
#include <assert.h>

#include "dist/dist.h"

enum { SIDE = 512, STEP = 64 }; /* rows: a tile of 1 MiB; small data sets in one tile, not too many different shapes of it */

fd_tile_plan fd_tile_plan_with(int64_t n, int64_t side)
{
    assert(n >= 0 && side > 0);
    const int64_t blocks = (n + side - 1) / side;
    return (fd_tile_plan){.n = n, .side = side, .blocks = blocks, .tiles = blocks * (blocks + 1) / 2};
}

fd_tile_plan fd_tile_plan_of(int64_t n)
{
    assert(n >= 0);
    return fd_tile_plan_with(n, n >= SIDE ? SIDE : n == 0 ? STEP : (n + STEP - 1) / STEP * STEP);
}

fd_tile_plan fd_tile_plan_wide(int64_t n, int64_t blocks, int64_t most)
{
    assert(n >= 0 && blocks > 0);
    most = most / SIDE * SIDE;
    int64_t side = ((n + blocks - 1) / blocks + SIDE - 1) / SIDE * SIDE;
    side = side > most ? most : side;
    return side <= SIDE ? fd_tile_plan_of(n) : fd_tile_plan_with(n, side);
}

/* The number of tiles in the rows of blocks before I. */
static int64_t tiles_before(const fd_tile_plan *plan, int64_t I)
{
    return I * plan->blocks - I * (I - 1) / 2;
}

void fd_tile_plan_at(const fd_tile_plan *plan, int64_t tile, int64_t *I, int64_t *J)
{
    assert(tile >= 0 && tile < plan->tiles);
    int64_t low = 0, high = plan->blocks - 1; /* the last row that starts at or before the tile */
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (tiles_before(plan, middle) <= tile)
            low = middle;
        else
            high = middle - 1;
    }
    *I = low;
    *J = low + tile - tiles_before(plan, low);
}

int64_t fd_tile_plan_rows(const fd_tile_plan *plan, int64_t block)
{
    assert(block >= 0 && block < plan->blocks);
    return block < plan->blocks - 1 ? plan->side : plan->n - block * plan->side;
}

/* Pairs i <= j of rows in the tiles before `tile`: every block but the last is whole, and the last is no row of blocks before another. Of a block
 * with itself there are half as many, and half the work. */
static int64_t pairs_before(const fd_tile_plan *plan, int64_t tile)
{
    if (tile == 0)
        return 0;
    int64_t I, J;
    fd_tile_plan_at(plan, tile - 1, &I, &J);
    const int64_t above = I * plan->side, rows = fd_tile_plan_rows(plan, I);   /* rows of the blocks before I, all whole */
    const int64_t pairs_above = above * plan->n - above * (above - 1) / 2;
    if (I == J)
        return pairs_above + rows * (rows + 1) / 2;
    return pairs_above + rows * (rows + 1) / 2 + rows * ((J - I - 1) * plan->side + fd_tile_plan_rows(plan, J));
}

/* Where part p begins: the tile boundary nearest to its fair share of the pairs. */
static int64_t boundary(const fd_tile_plan *plan, int parts, int p)
{
    int64_t total = pairs_before(plan, plan->tiles);
    int64_t fair = total / parts * p + total % parts * p / parts;
    int64_t low = 0, high = plan->tiles; /* the first boundary at or past it */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (pairs_before(plan, middle) >= fair)
            high = middle;
        else
            low = middle + 1;
    }
    return low > 0 && fair - pairs_before(plan, low - 1) <= pairs_before(plan, low) - fair ? low - 1 : low;
}

/* The largest share, over the mean. */
static double largest_share(const fd_tile_plan *plan, int parts)
{
    const double total = (double)pairs_before(plan, plan->tiles);
    int64_t largest = 0;
    for (int p = 0; p < parts; p++) {
        const int64_t first = p == 0 ? 0 : boundary(plan, parts, p), end = p == parts - 1 ? plan->tiles : boundary(plan, parts, p + 1);
        const int64_t pairs = pairs_before(plan, end) - pairs_before(plan, first);
        largest = pairs > largest ? pairs : largest;
    }
    return total > 0 ? (double)largest * parts / total : 1;
}

fd_tile_plan fd_tile_plan_even(int64_t n, int parts, int64_t blocks, int64_t most)
{
    static const double EVEN = 1.03;
    enum { FEW = 64 };   /* parts; for more, blocks are many in any case */
    for (int64_t b = 1; b < blocks && parts <= FEW; b++) {
        const fd_tile_plan plan = fd_tile_plan_wide(n, b, most);
        if (largest_share(&plan, parts) <= EVEN)
            return plan;
    }
    return fd_tile_plan_wide(n, blocks, most);
}

int64_t fd_tile_plan_share(const fd_tile_plan *plan, int parts, int p, int64_t *first)
{
    assert(parts > 0 && p >= 0 && p < parts);
    *first = p == 0 ? 0 : boundary(plan, parts, p);
    return (p == parts - 1 ? plan->tiles : boundary(plan, parts, p + 1)) - *first;
}
