#include "face/pyramid.h"

#include <assert.h>
#include <math.h>

#include "base/memory.h"

fd_error *fd_levels_add(fd_levels *levels, int32_t picture, int32_t width, int32_t height, double min_face, double factor)
{
    fd_error *err = NULL;
    const double first = FD_CELL / min_face;
    double scale = first, shorter = (height < width ? height : width) * first;
    while (shorter >= FD_CELL) {
        FD_TRY(fd_grow(&levels->level, &levels->capacity, (size_t)levels->n + 1, sizeof *levels->level));
        levels->level[levels->n++] = (fd_level){.picture = picture, .height = (int32_t)floor(height * scale + 1),
                                                .width = (int32_t)floor(width * scale + 1), .scale = (float)scale};
        scale *= factor;
        shorter *= factor;
    }
done:
    return err;
}

int32_t fd_cells(int32_t pixels)
{
    return (pixels - 1) / 2 - 4;
}

/* Pixels that `cells` cells see from `first` on: all up to the end of the side where they are its last ones. */
static int32_t seen(int32_t side, int32_t first, int32_t cells)
{
    return first + cells == fd_cells(side) ? side - FD_STRIDE * first : FD_STRIDE * cells + FD_BORDER;
}

/* Adds the piece of `rows` x `columns` cells from (row, column) on, fewer at the level's end. */
static fd_error *add_piece(fd_pieces *pieces, const fd_level *level, fd_piece p)
{
    const int32_t rows = fd_cells(level->height) - p.row, columns = fd_cells(level->width) - p.column;
    p.rows = p.rows < rows ? p.rows : rows;
    p.columns = p.columns < columns ? p.columns : columns;
    p.height = seen(level->height, p.row, p.rows);
    p.width = seen(level->width, p.column, p.columns);
    fd_error *err = fd_grow(&pieces->piece, &pieces->capacity, (size_t)pieces->n + 1, sizeof *pieces->piece);
    if (!err)
        pieces->piece[pieces->n++] = p;
    return err;
}

fd_error *fd_cut_strips(fd_pieces *pieces, const fd_level *level, int32_t index, int64_t max_pixels)
{
    fd_error *err = NULL;
    const int32_t cells = fd_cells(level->height), columns = fd_cells(level->width);
    const int32_t least = 8;   /* rows of cells: with fewer, most of the work would be overlap */
    const int64_t strips = ((int64_t)level->height * level->width + max_pixels - 1) / max_pixels;
    int32_t rows = (int32_t)((cells + strips - 1) / strips);
    rows = rows < least ? least : rows;
    for (int32_t row = 0; row < cells;) {
        const int32_t n = cells - row - rows == 1 ? rows + 1 : rows;   /* a last row of its own could have FD_CELL - 1 pixels only */
        FD_TRY(add_piece(pieces, level, (fd_piece){.level = index, .row = row, .rows = n, .columns = columns}));
        row += n;
    }
done:
    return err;
}

fd_error *fd_cut_tiles(fd_pieces *pieces, const fd_level *level, int32_t index, int32_t side)
{
    fd_error *err = NULL;
    assert(side % 2 == 1 && side >= 23);
    const int32_t most = (side - 1 - FD_BORDER) / FD_STRIDE;   /* an odd end of `most` cells has side - 2 pixels, an even one side - 1 */
    for (int32_t row = 0; row < fd_cells(level->height); row += most)
        for (int32_t column = 0; column < fd_cells(level->width); column += most)
            FD_TRY(add_piece(pieces, level, (fd_piece){.level = index, .row = row, .column = column, .rows = most, .columns = most}));
done:
    return err;
}
