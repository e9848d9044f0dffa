#include "dist/cover.h"

#include <string.h>

int64_t fd_grid_window_row(const fd_grid_window *w, int64_t row)
{
    return w->triangle ? row * w->rows - row * (row - 1) / 2 : row * w->columns;
}

int64_t fd_grid_window_tiles(const fd_grid_window *w)
{
    return fd_grid_window_row(w, w->rows);
}

int64_t fd_ring_first(int64_t blocks, int64_t ranks, int64_t r)
{
    return blocks * r / ranks;
}

int64_t fd_ring_panel(int64_t blocks, int64_t ranks, int64_t block)
{
    return ((block + 1) * ranks - 1) / blocks;   /* the last r with blocks * r / ranks <= block */
}

static bool in_window(const fd_cover *c, int64_t I, int64_t J)
{
    const fd_grid_window *w = &c->window;
    const int64_t row = I - w->first_row, column = J - w->first_column;
    if (row < 0 || column < 0 || row >= w->rows || column >= w->columns || (w->triangle && column < row))
        return false;
    const int64_t tile = fd_grid_window_row(w, row) + (w->triangle ? column - row : column);
    return tile >= c->from && tile < c->to;
}

/* The panel that stays at rank r meets panel (r + step) mod ranks; of a symmetric grid each two panels meet once, in the earlier of two steps. */
static bool in_ring(const fd_cover *c, const fd_grid *g, int64_t I, int64_t J)
{
    const int64_t row = fd_ring_panel(g->blocks[0], c->ranks, I), column = fd_ring_panel(g->blocks[1], c->ranks, J);
    const int64_t step = c->moving == 0 && !g->symmetric ? row - column : column - row, ahead = (step + c->ranks) % c->ranks;
    const int64_t back = c->ranks - ahead;
    return (g->symmetric && back < ahead ? back : ahead) < c->steps;
}

bool fd_covered(const fd_coverage *c, int64_t I, int64_t J)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->cover[i].kind == FD_COVER_WINDOW ? in_window(&c->cover[i], I, J) : in_ring(&c->cover[i], &c->grid, I, J))
            return true;
    return false;
}

void fd_cover_pack(const fd_cover *c, int64_t out[FD_COVER_NUMBERS])
{
    const fd_grid_window *w = &c->window;
    const int64_t numbers[FD_COVER_NUMBERS] = {c->kind, w->triangle, w->first_row, w->first_column, w->rows, w->columns, c->from, c->to, c->ranks, c->steps,
                                               c->moving};
    memcpy(out, numbers, sizeof numbers);
}

bool fd_cover_unpack(const int64_t in[FD_COVER_NUMBERS], const fd_grid *grid, fd_cover *out)
{
    const int64_t *most = grid->blocks;
    *out = (fd_cover){.kind = (fd_cover_kind)in[0], .window = {in[1] != 0, in[2], in[3], in[4], in[5]}, .from = in[6], .to = in[7],
                      .ranks = in[8], .steps = in[9], .moving = in[10]};
    for (int i = 0; i < FD_COVER_NUMBERS; i++)
        if (in[i] < 0)
            return false;
    if (in[0] == FD_COVER_RING)
        return out->ranks > 0 && out->ranks <= INT32_MAX && out->moving <= 1;
    const fd_grid_window *w = &out->window;
    return in[0] == FD_COVER_WINDOW && w->rows <= most[0] && w->first_row <= most[0] - w->rows
           && w->columns <= most[1] && w->first_column <= most[1] - w->columns && (!w->triangle || (w->rows == w->columns && w->first_row == w->first_column));
}
