/* Pieces of levels onto canvases of one shape: shelves across each canvas, filled from the left, highest pieces first. The lowest shelf of a
 * canvas hangs on its lower edge, and the right end of each shelf on its right edge: there go the pieces with an odd height or width. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "face/pyramid.h"

typedef struct shelf {
    int32_t canvas, y, height;
    int32_t used;            /* columns taken from the left */
    int32_t end;             /* columns from here on are taken by the piece at the right edge */
    bool bottom;             /* ends at the canvas's lower edge */
} shelf;

typedef struct canvas {
    int32_t used;            /* rows taken from the top */
    int32_t end;             /* rows from here on belong to the bottom shelf */
} canvas;

typedef struct atlas {
    int32_t side;
    shelf *shelf;
    canvas *canvas;
    int32_t shelves, canvases, first_open;   /* shelves before first_open are full */
    size_t capacity_shelf, capacity_canvas;
} atlas;

static int by_height(const void *a, const void *b)
{
    const fd_piece *p = a, *q = b;
    if (p->height != q->height)
        return p->height < q->height ? 1 : -1;
    if (p->level != q->level)
        return p->level < q->level ? -1 : 1;
    if (p->row != q->row)
        return p->row < q->row ? -1 : 1;
    return (p->column > q->column) - (p->column < q->column);
}

static int by_canvas(const void *a, const void *b)
{
    const fd_piece *p = a, *q = b;
    return p->canvas != q->canvas ? (p->canvas < q->canvas ? -1 : 1) : by_height(a, b);
}

/* Puts p on the shelf when it fits. */
static bool place(const atlas *a, shelf *s, fd_piece *p)
{
    const bool low = p->height & 1, right = p->width & 1;
    if ((low && !s->bottom) || p->height > s->height || p->width > s->end - s->used || (right && s->end < a->side))
        return false;
    p->canvas = s->canvas;
    p->y = s->bottom ? (a->side - p->height) & ~1 : s->y;
    p->x = right ? a->side - p->width : s->used;
    if (right)
        s->end = p->x;
    else
        s->used += p->width;
    return true;
}

/* A new shelf for p, in the first canvas that has room, else in a new one. */
static fd_error *open_shelf(atlas *a, const fd_piece *p)
{
    fd_error *err = NULL;
    const bool low = p->height & 1;
    int32_t k = 0;
    while (k < a->canvases && (a->canvas[k].end - a->canvas[k].used < p->height || (low && a->canvas[k].end < a->side)))
        k++;
    if (k == a->canvases) {
        FD_TRY(fd_grow(&a->canvas, &a->capacity_canvas, (size_t)a->canvases + 1, sizeof *a->canvas));
        a->canvas[a->canvases++] = (canvas){.used = 0, .end = a->side};
    }
    FD_TRY(fd_grow(&a->shelf, &a->capacity_shelf, (size_t)a->shelves + 1, sizeof *a->shelf));
    canvas *c = &a->canvas[k];
    shelf *s = &a->shelf[a->shelves++];
    *s = (shelf){.canvas = k, .height = p->height, .end = a->side, .bottom = low};
    s->y = low ? a->side - p->height : c->used;
    if (low)
        c->end = s->y;
    else
        c->used += p->height;
done:
    return err;
}

fd_error *fd_pack_canvases(fd_pieces *pieces, int32_t side, int32_t *canvases)
{
    fd_error *err = NULL;
    atlas a = {.side = side};
    if (pieces->n > 1)
        qsort(pieces->piece, (size_t)pieces->n, sizeof *pieces->piece, by_height);
    for (int32_t i = 0; i < pieces->n; i++) {
        fd_piece *p = &pieces->piece[i];
        int32_t s = a.first_open;
        while (s < a.shelves && !place(&a, &a.shelf[s], p))
            s++;
        if (s == a.shelves) {
            FD_TRY(open_shelf(&a, p));
            bool placed = place(&a, &a.shelf[s], p);
            assert(placed);
            (void)placed;
        }
        while (a.first_open < a.shelves && a.shelf[a.first_open].end - a.shelf[a.first_open].used < FD_CELL - 1)
            a.first_open++;
    }
    if (pieces->n > 1)
        qsort(pieces->piece, (size_t)pieces->n, sizeof *pieces->piece, by_canvas);
    *canvases = a.canvases;
done:
    free(a.shelf);
    free(a.canvas);
    return err;
}
