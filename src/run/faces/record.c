#include "run/faces/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

fd_error *fd_payload_add(fd_payload *p, const void *bytes, size_t n)
{
    fd_error *e = fd_grow(&p->bytes, &p->capacity, p->n + n, 1);
    if (e)
        return e;
    if (n)
        memcpy(p->bytes + p->n, bytes, n);
    p->n += n;
    return NULL;
}

/* The fixed part of an outcome, in the machine's byte order: a journal is read where it was written. */
typedef struct head {
    int64_t image, read_at;
    int32_t width, height, faces;
    uint16_t detail;
    uint8_t status, flags;
    fd_sha256 sha256;
} head;

fd_error *fd_record_add(fd_payload *p, const fd_outcome *o, fd_record_shape shape)
{
    fd_error *err = NULL;
    size_t faces = (size_t)o->faces;
    head h = {.image = o->image, .read_at = o->read_at, .width = o->width, .height = o->height, .faces = o->faces, .detail = (uint16_t)strnlen(o->detail, sizeof o->detail),
              .status = o->status, .flags = o->flags, .sha256 = o->sha256};
    FD_TRY(fd_payload_add(p, &h, sizeof h));
    FD_TRY(fd_payload_add(p, o->detail, h.detail));
    FD_TRY(fd_payload_add(p, o->face, faces * sizeof *o->face));
    FD_TRY(fd_payload_add(p, o->valid, faces));
    FD_TRY(fd_payload_add(p, o->embedding, faces * (size_t)shape.dim * sizeof *o->embedding));
    FD_TRY(fd_payload_add(p, o->crop, faces * (size_t)shape.crop_bytes));
done:
    return err;
}

/* Copies the next n bytes to aligned memory, or fails at the end. */
typedef struct cursor { const uint8_t *at; size_t left; } cursor;

static int take(cursor *c, void *to, size_t n)
{
    if (n > c->left)
        return 0;
    if (n)
        memcpy(to, c->at, n);
    c->at += n;
    c->left -= n;
    return 1;
}

typedef struct arrays { fd_face *face; uint8_t *valid, *crop; float *embedding; size_t faces, valids, crops, values; } arrays;

static fd_error *take_outcome(cursor *c, fd_record_shape shape, arrays *a, fd_outcome *o)
{
    fd_error *err = NULL;
    head h;
    memset(o, 0, sizeof *o);
    size_t per_face = sizeof(fd_face) + 1 + (size_t)shape.dim * sizeof(float) + (size_t)shape.crop_bytes;
    if (!take(c, &h, sizeof h) || h.detail >= sizeof o->detail || h.faces < 0 || h.image < 0 || (size_t)h.faces > c->left / per_face || !take(c, o->detail, h.detail))
        FD_THROW(FD_FORMAT, "a record of the journal does not add up");
    size_t n = (size_t)h.faces;
    FD_TRY(fd_grow(&a->face, &a->faces, n, sizeof *a->face));
    FD_TRY(fd_grow(&a->valid, &a->valids, n, 1));
    FD_TRY(fd_grow(&a->embedding, &a->values, n * (size_t)shape.dim, sizeof *a->embedding));
    FD_TRY(fd_grow(&a->crop, &a->crops, n * (size_t)shape.crop_bytes, 1));
    if (!take(c, a->face, n * sizeof *a->face) || !take(c, a->valid, n) || !take(c, a->embedding, n * (size_t)shape.dim * sizeof *a->embedding) ||
        !take(c, a->crop, n * (size_t)shape.crop_bytes))
        FD_THROW(FD_FORMAT, "a record of the journal does not add up");
    o->image = h.image, o->read_at = h.read_at, o->width = h.width, o->height = h.height, o->faces = h.faces;
    o->status = h.status, o->flags = h.flags, o->sha256 = h.sha256;
    o->face = a->face, o->valid = a->valid, o->embedding = a->embedding, o->crop = shape.crop_bytes ? a->crop : NULL;
done:
    return err;
}

fd_error *fd_record_each(const uint8_t *payload, size_t n, fd_record_shape shape, fd_error *(*each)(void *self, const fd_outcome *o), void *self)
{
    fd_error *err = NULL;
    arrays a = {0};
    if (n == 0 || payload[0] != FD_RECORD_OUTCOMES)
        return NULL;
    cursor c = {payload + 1, n - 1};
    while (c.left) {
        fd_outcome o;
        FD_TRY(take_outcome(&c, shape, &a, &o));
        FD_TRY(each(self, &o));
    }
done:
    free(a.face);
    free(a.valid);
    free(a.embedding);
    free(a.crop);
    return err;
}
