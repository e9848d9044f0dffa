#include "dist/deal.h"

enum { RUN = 16 };   /* tiles: what a thread takes at a time, so that its row of blocks stays in its cache */

int64_t fd_deal_tiles(bool triangle, int64_t rows, int64_t columns)
{
    return triangle ? rows * (rows + 1) / 2 : rows * columns;
}

/* Where row I of the window begins. */
static int64_t row_start(const fd_deal *d, int64_t I)
{
    return d->triangle ? I * d->rows - I * (I - 1) / 2 : I * d->columns;
}

static int64_t row_of(const fd_deal *d, int64_t tile)
{
    int64_t low = 0, high = d->rows - 1;   /* the last row that starts at or before the tile */
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (row_start(d, middle) <= tile)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

int64_t fd_deal_take(fd_deal *d, int64_t *I, int64_t *J)
{
    int_least64_t at = atomic_load(&d->next);
    int64_t row, end;
    do {
        if (at >= d->end)
            return 0;
        row = row_of(d, at);
        end = at + RUN;
        end = end < row_start(d, row + 1) ? end : row_start(d, row + 1);
        end = end < d->end ? end : d->end;
    } while (!atomic_compare_exchange_weak(&d->next, &at, end));
    int64_t column = at - row_start(d, row);
    *I = d->first_row + row;
    *J = d->triangle ? *I + column : d->first_column + column;
    return end - at;
}
