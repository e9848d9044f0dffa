#include "dist/deal.h"

/* What a thread takes at a time, tiles: so many that its row of blocks stays in its cache, fewer towards the end, where others would wait for it. */
enum { RUN = 16, LEAST_TURNS = 32 };

static int64_t row_of(const fd_grid_window *w, int64_t tile)
{
    int64_t low = 0, high = w->rows - 1;   /* the last row that starts at or before the tile */
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (fd_grid_window_row(w, middle) <= tile)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static bool is_done(const fd_deal *d, int64_t row, int64_t tile)
{
    const fd_grid_window *w = &d->window;
    const int64_t column = tile - fd_grid_window_row(w, row) + (w->triangle ? row : 0);
    return d->done && d->done->n > 0 && fd_covered(d->done, w->first_row + row, w->first_column + column);
}

/* The first tile from `at` on that is to be computed, and its row; d->end when there is none. */
static int64_t skip(const fd_deal *d, int64_t at, int64_t *row)
{
    if (at >= d->end)
        return d->end;
    for (*row = row_of(&d->window, at); at < d->end && is_done(d, *row, at); at++)
        *row += at + 1 == fd_grid_window_row(&d->window, *row + 1);
    return at;
}

int64_t fd_deal_take(fd_deal *d, int64_t *I, int64_t *J)
{
    int_least64_t at = atomic_load(&d->next);
    int64_t row = 0, start, end, limit, run;
    do {
        if (atomic_load(&d->closed) || at >= d->end)
            return 0;
        start = skip(d, at, &row);
        limit = fd_grid_window_row(&d->window, row + 1);
        limit = limit < d->end ? limit : d->end;
        run = (d->end - start) / LEAST_TURNS;
        run = run > RUN ? RUN : run < 1 ? 1 : run;
        limit = limit < start + run ? limit : start + run;
        for (end = start; end < limit && !is_done(d, row, end); end++)
            ;
    } while (!atomic_compare_exchange_weak(&d->next, &at, end));
    const int64_t column = start - fd_grid_window_row(&d->window, row);
    *I = d->window.first_row + row;
    *J = d->window.first_column + column + (d->window.triangle ? row : 0);
    return end - start;
}

/* How many tiles of from..to-1 are to be computed; stops at the tile that is number `stop` of them, and tells it. */
static int64_t count(const fd_deal *d, int64_t stop, int64_t *tile)
{
    const fd_grid_window *w = &d->window;
    int64_t n = 0;
    for (int64_t row = 0; row < w->rows; row++)
        for (int64_t t = fd_grid_window_row(w, row); t < fd_grid_window_row(w, row + 1); t++)
            if (!is_done(d, row, t) && n++ == stop) {
                *tile = t;
                return n;
            }
    *tile = fd_grid_window_tiles(w);
    return n;
}

static int64_t fair(int64_t n, int parts, int p)
{
    return n / parts * p + n % parts * p / parts;
}

void fd_deal_share(fd_deal *d, int parts, int p)
{
    int64_t first = 0, end = 0, n = fd_grid_window_tiles(&d->window);
    if (d->done && d->done->n > 0) {
        n = count(d, -1, &end);
        count(d, fair(n, parts, p), &first);
        count(d, fair(n, parts, p + 1), &end);
    } else {
        first = fair(n, parts, p);
        end = fair(n, parts, p + 1);
    }
    d->end = end;
    atomic_store(&d->next, p == 0 ? 0 : first);
}
