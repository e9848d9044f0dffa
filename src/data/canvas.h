/* The picture being decoded: rows come as they lie in the file and are placed upright, a strip at a time, so that turning a picture costs
 * neither a second copy of it nor a cache miss per pixel. Not for other rooms. */
#ifndef FD_DATA_CANVAS_H
#define FD_DATA_CANVAS_H

#include "data/decode.h"

enum { FD_STRIP_ROWS = 32 };   /* a turned strip writes runs of 96 bytes; its rows stay in the L2 cache up to 10,000 pixels of width */

typedef struct fd_canvas {
    uint8_t *rgb;              /* upright, [height][width][pixel] of the turned picture; owned where it is not the slab's */
    fd_slab *slab;             /* that rgb lies in, as the last piece; NULL: in none */
    size_t before;             /* bytes of the slab in use without it */
    uint8_t *strip;            /* FD_STRIP_ROWS rows as the file lies; NULL when it lies upright */
    size_t pitch;              /* bytes from one row of fd_canvas_rows to the next */
    int pixel;                 /* bytes of a pixel: 3 for RGB8 */
    int32_t width, height;     /* as the file lies */
    int orientation;           /* EXIF, 1..8 */
} fd_canvas;

/* The size of a picture once it is upright. */
void fd_upright_size(int orientation, int32_t width, int32_t height, int32_t *upright_width, int32_t *upright_height);

/* In the slab (may be NULL) where it has room. FD_NOMEM only. fd_canvas_free(c) in any case; take c->rgb by setting it and c->slab NULL. */
fd_error *fd_canvas_open(fd_canvas *c, fd_slab *slab, int32_t width, int32_t height, int pixel, int orientation) FD_CHECK;
void fd_canvas_free(fd_canvas *c);

/* Where rows y .. y + *rows - 1 of the file are to be written ([width][pixel] each, c->pitch apart); then fd_canvas_put. y is a multiple of
 * FD_STRIP_ROWS. */
uint8_t *fd_canvas_rows(fd_canvas *c, int32_t y, int32_t *rows);
/* Places the rows that were written at fd_canvas_rows(c, y, &rows). */
void fd_canvas_put(fd_canvas *c, int32_t y, int32_t rows);

#endif
