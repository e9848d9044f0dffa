#include "base/extents.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

fd_error *fd_extents_open(fd_extents *x, void *region, size_t bytes, size_t align)
{
    fd_error *err = NULL;
    fd_extent *all;
    *x = (fd_extents){.bytes = bytes / align * align, .align = align};
    FD_TRY(fd_alloc(&all, 1, sizeof *all));
    *all = (fd_extent){.at = region, .bytes = x->bytes};
    x->first = all;
done:
    return err;
}

void fd_extents_close(fd_extents *x)
{
    for (fd_extent *e = x->first, *behind; e; e = behind) {
        behind = e->behind;
        free(e);
    }
    *x = (fd_extents){.bytes = 0};
}

/* Cuts the end off an extent; it becomes the free one behind it. */
static fd_error *split(fd_extent *e, size_t bytes)
{
    fd_error *err = NULL;
    fd_extent *rest;
    FD_TRY(fd_alloc(&rest, 1, sizeof *rest));
    *rest = (fd_extent){.at = e->at + bytes, .bytes = e->bytes - bytes, .before = e, .behind = e->behind};
    if (e->behind)
        e->behind->before = rest;
    e->behind = rest;
    e->bytes = bytes;
done:
    return err;
}

fd_error *fd_extents_take(fd_extents *x, size_t bytes, void **out)
{
    fd_error *err = NULL;
    fd_extent *best = NULL;
    *out = NULL;
    if (bytes <= x->bytes)
        bytes = bytes ? (bytes + x->align - 1) / x->align * x->align : x->align;
    for (fd_extent *e = x->first; e; e = e->behind)
        if (!e->used && e->bytes >= bytes && (!best || e->bytes < best->bytes))
            best = e;
    if (!best)
        return NULL;
    if (best->bytes > bytes)
        FD_TRY(split(best, bytes));
    best->used = true;
    x->used += best->bytes;
    *out = best->at;
done:
    return err;
}

/* e and the extent behind it become one. */
static void join(fd_extent *e)
{
    fd_extent *gone = e->behind;
    e->bytes += gone->bytes;
    e->behind = gone->behind;
    if (gone->behind)
        gone->behind->before = e;
    free(gone);
}

void fd_extents_give(fd_extents *x, void *p)
{
    fd_extent *e = x->first;
    while (e && e->at != p)
        e = e->behind;
    assert(e && e->used);
    e->used = false;
    x->used -= e->bytes;
    if (e->behind && !e->behind->used)
        join(e);
    if (e->before && !e->before->used)
        join(e->before);
}
