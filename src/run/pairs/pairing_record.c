/* The record of a checkpoint, taken apart. Whatever its numbers say is checked: against its length, and against the job. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/pairs/checkpoint.h"

typedef struct cursor { const uint8_t *at; size_t left; bool bad; } cursor;

static const void *take(cursor *c, size_t n, size_t size)
{
    const uint8_t *at = c->at;
    if (c->bad || n > c->left / size) {
        c->bad = true;
        return NULL;
    }
    c->at += n * size;
    c->left -= n * size;
    return at;
}

/* A number that counts something, or -1. */
static int64_t number(cursor *c)
{
    int64_t n = -1;
    const void *at = take(c, 1, sizeof n);
    if (at)
        memcpy(&n, at, sizeof n);
    c->bad = c->bad || n < 0;
    return c->bad ? -1 : n;
}

/* n items of `size` bytes, copied. */
static fd_error *copies(cursor *c, int64_t n, size_t size, void *out)
{
    const void *at = take(c, n < 0 ? SIZE_MAX : (size_t)n, size);
    fd_error *e = c->bad ? NULL : fd_alloc(out, (size_t)n, size);
    if (!e && at && n > 0)
        memcpy(*(void **)out, at, (size_t)n * size);
    return e;
}

/* The pin of a record; *n: its length. NULL: no such record. */
static const char *pin_in(cursor *c, int64_t *n)
{
    const uint8_t *type = take(c, 1, 1);
    if (!type || *type != FD_RECORD_DISTANCES)
        return NULL;
    *n = number(c);
    return take(c, *n < 0 ? SIZE_MAX : (size_t)*n, 1);
}

const char *fd_checkpoint_pin(const uint8_t *payload, size_t n, int64_t *length)
{
    cursor c = {payload, n, false};
    return payload ? pin_in(&c, length) : NULL;
}

static fd_error *parse_covers(const fd_pairing *p, cursor *c, fd_checkpoint *out)
{
    fd_error *err = NULL;
    const fd_grid grid = {p->symmetric, {fd_tile_plan_with(p->n[0], out->side[0]).blocks, fd_tile_plan_with(p->n[1], out->side[1]).blocks}};
    int64_t (*numbers)[FD_COVER_NUMBERS] = NULL;
    const int64_t n = number(c);
    FD_TRY(copies(c, n, sizeof *numbers, &numbers));
    if (c->bad)
        return NULL;
    FD_TRY(fd_alloc(&out->before, (size_t)n, sizeof *out->before));
    out->n_before = (size_t)n;
    for (int64_t i = 0; i < n; i++)
        c->bad = c->bad || !fd_cover_unpack(numbers[i], &grid, &out->before[i]);
done:
    free(numbers);
    return err;
}

fd_error *fd_parts_parse(const uint8_t *bytes, size_t n, fd_checkpoint *out, bool *good)
{
    fd_error *err = NULL;
    cursor c = {bytes, n, false};
    size_t capacity = out->parts;
    while (c.left > 0 && !c.bad) {
        fd_part part = {.kind = number(&c)};
        part.run = number(&c);
        part.rank = number(&c);
        part.thread = number(&c);
        part.runs = number(&c);
        FD_TRY(copies(&c, part.runs, sizeof *part.of, &part.of));
        c.bad = c.bad || part.kind > FD_PART_TILES || (part.kind == FD_PART_TILES && part.runs != 1);
        if (c.bad)
            free(part.of);
        else
            err = fd_grow(&out->part, &capacity, out->parts + 1, sizeof *out->part);
        if (err)
            free(part.of);
        FD_TRY(err);
        if (!c.bad)
            out->part[out->parts++] = part;
    }
    *good = !c.bad;
done:
    return err;
}

fd_error *fd_checkpoint_parse(const fd_pairing *p, const uint8_t *payload, size_t n, fd_checkpoint *out)
{
    fd_error *err = NULL;
    cursor c = {payload, n, false};
    int64_t length = 0, counts;
    c.bad = !pin_in(&c, &length) || c.bad;
    out->generation = number(&c);
    out->run = number(&c) + 1;
    out->side[0] = number(&c);
    out->side[1] = number(&c);
    out->saturated = number(&c);
    counts = number(&c);
    c.bad = c.bad || out->side[0] == 0 || out->side[1] == 0 || (p->wanted.matrix && (out->side[0] != p->plan[0].side || out->side[1] != p->plan[1].side));
    c.bad = c.bad || counts != (p->wanted.histogram ? FD_HISTOGRAM_BINS + 2 : 0);
    FD_TRY(copies(&c, counts, sizeof *out->counts, &out->counts));
    if (!c.bad)
        FD_TRY(parse_covers(p, &c, out));
    bool good = !c.bad;
    if (good)
        FD_TRY(fd_parts_parse(c.at, c.left, out, &good));
    if (!good)
        FD_THROW(FD_FORMAT, "the journal's record of the distances does not add up (--force starts anew)");
done:
    return err;
}
