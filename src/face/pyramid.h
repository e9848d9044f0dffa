/* Which levels a photograph's pyramid has, and how they are cut for P-Net: cell (i, j) of a level sees its rows 2i .. 2i + 11, columns 2j ..
 * 2j + 11; the last cell of an odd size sees one less (P-Net's pool hangs over). Pure functions of sizes. */
#ifndef FD_FACE_PYRAMID_H
#define FD_FACE_PYRAMID_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { FD_CELL = 12, FD_STRIDE = 2, FD_BORDER = FD_CELL - FD_STRIDE };   /* level pixels; neighbouring cuts share FD_BORDER of them */

typedef struct fd_level {
    int32_t picture, height, width;
    float scale;              /* level size over picture size */
} fd_level;

typedef struct fd_levels { fd_level *level; int32_t n; size_t capacity; } fd_levels;

/* Adds the levels of a picture: none when its shorter side is below min_face. */
fd_error *fd_levels_add(fd_levels *levels, int32_t picture, int32_t width, int32_t height, double min_face, double factor) FD_CHECK;

/* Cells along a side of `pixels` >= 10. */
int32_t fd_cells(int32_t pixels);

/* A rectangle of a level, and where it lies. */
typedef struct fd_piece {
    int32_t level;
    int32_t row, column, rows, columns;     /* its cells; the first sees level pixel (2 row, 2 column) */
    int32_t height, width;                  /* its pixels */
    int32_t canvas, y, x;                   /* fd_pack_canvases: place of its first pixel; y and x are even */
} fd_piece;

typedef struct fd_pieces { fd_piece *piece; int32_t n; size_t capacity; } fd_pieces;

/* Adds a level cut into strips of whole rows, as equal as can be, of at most about max_pixels each, at least FD_CELL high. */
fd_error *fd_cut_strips(fd_pieces *pieces, const fd_level *level, int32_t index, int64_t max_pixels) FD_CHECK;
/* Adds a level cut into rectangles that fit a canvas of side x side; side is odd, >= 23. */
fd_error *fd_cut_tiles(fd_pieces *pieces, const fd_level *level, int32_t index, int32_t side) FD_CHECK;

/* Places the pieces on canvases of side x side, without overlap, full ones first; *canvases = how many it took. A piece that ends a level of
 * odd height lies at its canvas's lower edge (columns: right edge), for the pool to hang over there as it does in the level. Sorts the pieces
 * by canvas. */
fd_error *fd_pack_canvases(fd_pieces *pieces, int32_t side, int32_t *canvases) FD_CHECK;

#endif
