#include "run/pictures/regions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dist/cluster.h"

/* Adds the runs of set pixels of row y, each a set of its own; gives how many there are now. */
static fd_error *add_runs(fd_regions *r, const uint8_t *row, int32_t width, int32_t y, int64_t *n)
{
    fd_error *err = NULL;
    for (int32_t x = 0; x < width;) {
        const uint8_t *next = memchr(row + x, 255, (size_t)(width - x));
        if (!next)
            break;
        const int32_t first = (int32_t)(next - row);
        for (x = first; x < width && row[x]; x++)
            ;
        FD_TRY(fd_grow(&r->run, &r->runs, (size_t)*n + 1, sizeof *r->run));
        FD_TRY(fd_grow(&r->parent, &r->parents, (size_t)*n + 1, sizeof *r->parent));
        r->run[*n] = (fd_region_box){first, y, x, y + 1, x - first};
        r->parent[*n] = *n;
        ++*n;
    }
done:
    return err;
}

/* Joins runs above .. at - 1, of the row before, with runs at .. end - 1 where they touch; both lists go from left to right. */
static void join_rows(fd_regions *r, int64_t above, int64_t at, int64_t end)
{
    for (int64_t a = above, b = at; a < at && b < end;) {
        if (r->run[a].x1 <= r->run[b].x2 && r->run[b].x1 <= r->run[a].x2)   /* corners touch too */
            fd_union_join(r->parent, a, b);
        if (r->run[a].x2 < r->run[b].x2)
            a++;
        else
            b++;
    }
}

static int by_area(const void *a, const void *b)
{
    const fd_region_box *x = a, *y = b;
    if (x->area != y->area)
        return x->area < y->area ? 1 : -1;
    return x->y1 != y->y1 ? (x->y1 > y->y1) - (x->y1 < y->y1) : (x->x1 > y->x1) - (x->x1 < y->x1);
}

/* Each run grows the box of its set's first run. */
static fd_error *gather_boxes(fd_regions *r, int64_t n)
{
    fd_error *err = NULL;
    for (int64_t i = 0; i < n; i++) {
        const int64_t root = fd_union_root(r->parent, i);
        fd_region_box *box = &r->run[root], *own = &r->run[i];
        if (root == i)
            continue;
        box->x1 = own->x1 < box->x1 ? own->x1 : box->x1;
        box->x2 = own->x2 > box->x2 ? own->x2 : box->x2;
        box->y2 = own->y2;
        box->area += own->area;
    }
    r->n = 0;
    for (int64_t i = 0; i < n; i++)
        if (r->parent[i] == i) {
            FD_TRY(fd_grow(&r->box, &r->boxes, (size_t)r->n + 1, sizeof *r->box));
            r->box[r->n++] = r->run[i];
        }
    if (r->n > 0)
        qsort(r->box, (size_t)r->n, sizeof *r->box, by_area);
done:
    return err;
}

fd_error *fd_regions_find(fd_regions *r, const uint8_t *mask, int32_t width, int32_t height)
{
    fd_error *err = NULL;
    int64_t above = 0, at = 0, n = 0;
    for (int32_t y = 0; y < height; y++) {
        above = at;
        at = n;
        FD_TRY(add_runs(r, mask + (int64_t)y * width, width, y, &n));
        join_rows(r, above, at, n);
    }
    FD_TRY(gather_boxes(r, n));
done:
    return err;
}

void fd_regions_free(fd_regions *r)
{
    free(r->box);
    free(r->parent);
    free(r->run);
    *r = (fd_regions){0};
}
