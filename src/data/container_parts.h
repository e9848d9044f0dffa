/* What the files container*.c share. */
#ifndef FD_DATA_CONTAINER_PARTS_H
#define FD_DATA_CONTAINER_PARTS_H

#include "data/container.h"

static inline bool fd_container_read(const fd_bytes_source *s, int64_t offset, void *bytes, size_t n)
{
    return offset >= 0 && offset <= s->size && (int64_t)n <= s->size - offset && s->read(s->self, offset, bytes, n);
}

/* Whether [offset, offset + n) ends beyond the file; offset: within it. */
static inline bool fd_container_ends_beyond(const fd_bytes_source *s, int64_t offset, uint64_t n)
{
    return n > (uint64_t)(s->size - offset);
}

static inline uint64_t fd_big_endian(const uint8_t *bytes, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | bytes[i];
    return v;
}

static inline uint32_t fd_little_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* container_stream.c: files whose parts are known one after the other. head: the first 12 bytes; *known: it is of such a kind. */
fd_wholeness fd_container_check_stream(const fd_bytes_source *s, const uint8_t *head, bool *known);

#endif
