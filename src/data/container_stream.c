/* Kinds of file that were made to be sent and received: part after part, and no size of the whole in front. */
#include <string.h>

#include "data/container_parts.h"

/* --- Ogg (RFC 3533): pages; the last one of each stream says that it is the last ---------------------------------------------------------- */

enum { PAGE_HEAD = 27, MOST_STREAMS = 32 };

typedef struct streams {
    uint32_t serial[MOST_STREAMS];
    bool ended[MOST_STREAMS];
    int n;
} streams;

/* False: there are too many of them. */
static bool note_page(streams *all, uint32_t serial, bool last)
{
    int k = 0;
    while (k < all->n && all->serial[k] != serial)
        k++;
    if (k == MOST_STREAMS)
        return false;
    all->n = k == all->n ? k + 1 : all->n;
    all->serial[k] = serial;
    all->ended[k] = last;
    return true;
}

static fd_wholeness check_ogg(const fd_bytes_source *s)
{
    streams all = {.n = 0};
    for (int64_t at = 0; at < s->size;) {
        uint8_t page[PAGE_HEAD + 255];
        const size_t there = s->size - at < (int64_t)sizeof page ? (size_t)(s->size - at) : sizeof page;
        if (!fd_container_read(s, at, page, there))
            return FD_CONTAINER_SILENT;
        if (there < PAGE_HEAD || there < PAGE_HEAD + (size_t)page[26])
            return FD_CONTAINER_CUT_SHORT;
        if (memcmp(page, "OggS", 4) != 0)
            return FD_CONTAINER_SILENT;
        uint64_t body = 0;
        for (int i = 0; i < page[26]; i++)
            body += page[PAGE_HEAD + i];
        at += PAGE_HEAD + page[26];
        if (fd_container_ends_beyond(s, at, body))
            return FD_CONTAINER_CUT_SHORT;
        at += (int64_t)body;
        if (!note_page(&all, fd_little_endian(page + 14), page[5] & 4))
            return FD_CONTAINER_SILENT;
    }
    for (int k = 0; k < all.n; k++)
        if (!all.ended[k])
            return FD_CONTAINER_CUT_SHORT;
    return FD_CONTAINER_WHOLE;
}

/* --- GIF: blocks, and one that says that there are no more --------------------------------------------------------------------------------- */

/* The end of sub-blocks at `at`, each behind its length, the last one empty; -1: beyond the file. */
static int64_t behind_sub_blocks(const fd_bytes_source *s, int64_t at)
{
    for (uint8_t n = 1; n > 0; at += 1 + n)
        if (!fd_container_read(s, at, &n, 1) || fd_container_ends_beyond(s, at + 1, n))
            return -1;
    return at;
}

/* Bytes of a table of colours, where bit 7 says that there is one. */
static int64_t colours(uint8_t flags)
{
    return flags & 0x80 ? 3 * (INT64_C(2) << (flags & 7)) : 0;
}

static fd_wholeness check_gif(const fd_bytes_source *s)
{
    uint8_t head[13], block[10];
    if (!fd_container_read(s, 0, head, sizeof head))
        return FD_CONTAINER_CUT_SHORT;
    for (int64_t at = 13 + colours(head[10]); at >= 0;) {
        if (at >= s->size || !fd_container_read(s, at, block, 1))
            return FD_CONTAINER_CUT_SHORT;
        if (block[0] == 0x3b)
            return FD_CONTAINER_WHOLE;
        if (block[0] == 0x21)
            at = behind_sub_blocks(s, at + 2);
        else if (block[0] != 0x2c)
            return FD_CONTAINER_SILENT;
        else if (!fd_container_read(s, at, block, sizeof block))
            return FD_CONTAINER_CUT_SHORT;
        else
            at = behind_sub_blocks(s, at + 10 + colours(block[9]) + 1);
    }
    return FD_CONTAINER_CUT_SHORT;
}

/* --- FLV: tags; the first one may tell the file's size and length in time ------------------------------------------------------------------ */

/* The number that follows its name in a tag of AMF0; 0: none. */
static double number_of(const uint8_t *tag, size_t n, const char *name)
{
    const size_t length = strlen(name);
    const uint8_t *found = memmem(tag, n, name, length);
    double v = 0;
    if (!found || (size_t)(found - tag) + length + 9 > n || found[length] != 0)
        return 0;
    const uint64_t bits = fd_big_endian(found + length + 1, 8);
    memcpy(&v, &bits, sizeof v);
    return v > 0 && v < 1e15 ? v : 0;
}

typedef struct told { double bytes, seconds; } told;   /* 0: not told */

static void read_told(const fd_bytes_source *s, int64_t at, uint64_t n, told *t)
{
    uint8_t tag[4096];
    const size_t there = n < sizeof tag ? (size_t)n : sizeof tag;
    if (!fd_container_read(s, at, tag, there))
        return;
    t->bytes = number_of(tag, there, "filesize");
    t->seconds = number_of(tag, there, "duration");
}

static fd_wholeness check_flv(const fd_bytes_source *s)
{
    static const double SLACK = 1;   /* seconds: what is told includes the last frame's, and is rounded by some */
    uint8_t tag[11], from[4];
    told t = {0, 0};
    double last = 0;
    if (!fd_container_read(s, 5, from, 4))
        return FD_CONTAINER_CUT_SHORT;
    for (int64_t at = (int64_t)fd_big_endian(from, 4) + 4; at != s->size;) {
        if (at > s->size || !fd_container_read(s, at, tag, sizeof tag))
            return FD_CONTAINER_CUT_SHORT;
        const uint64_t n = fd_big_endian(tag + 1, 3);
        if (tag[8] != 0 || tag[9] != 0 || tag[10] != 0 || fd_container_ends_beyond(s, at + 11, n + 4))
            return tag[8] || tag[9] || tag[10] ? FD_CONTAINER_SILENT : FD_CONTAINER_CUT_SHORT;
        if (tag[0] == 18 && t.bytes == 0 && t.seconds == 0)
            read_told(s, at + 11, n, &t);
        else if (tag[0] != 18)
            last = (double)(fd_big_endian(tag + 4, 3) | (uint64_t)tag[7] << 24) * 1e-3;
        at += 11 + (int64_t)n + 4;
    }
    if (t.bytes > (double)s->size || (t.seconds > 0 && last + SLACK < t.seconds))
        return FD_CONTAINER_CUT_SHORT;
    return t.bytes > 0 || t.seconds > 0 ? FD_CONTAINER_WHOLE : FD_CONTAINER_SILENT;
}

/* --- MPEG-TS: packets of one size. Between two packets it may end as well as anywhere. ----------------------------------------------------- */

static bool is_ts(const fd_bytes_source *s, int64_t first, int64_t size)
{
    uint8_t byte;
    for (int64_t k = 0; k < 4; k++)
        if (!fd_container_read(s, first + k * size, &byte, 1) || byte != 0x47)
            return false;
    return true;
}

static fd_wholeness check_ts(const fd_bytes_source *s, bool *known)
{
    static const struct { int64_t first, size; } kinds[] = {{0, 188}, {4, 192}, {0, 204}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_ts(s, kinds[i].first, kinds[i].size)) {
            *known = true;
            return s->size % kinds[i].size ? FD_CONTAINER_CUT_SHORT : FD_CONTAINER_SILENT;
        }
    *known = false;
    return FD_CONTAINER_SILENT;
}

/* --- ASF, WMV: objects of an identifier of 16 bytes and a size of 8, a header and the data first; a live stream's data have no size --------- */

static const uint8_t asf[] = {0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0x00, 0xaa};

static fd_wholeness check_asf(const fd_bytes_source *s)
{
    uint8_t object[24];
    int64_t at = 0;
    for (int k = 0; k < 2; k++) {
        if (!fd_container_read(s, at, object, sizeof object))
            return FD_CONTAINER_CUT_SHORT;
        const uint64_t size = fd_little_endian(object + 16) | (uint64_t)fd_little_endian(object + 20) << 32;
        if (size < sizeof object)
            return FD_CONTAINER_SILENT;
        if (fd_container_ends_beyond(s, at, size))
            return FD_CONTAINER_CUT_SHORT;
        at += (int64_t)size;
    }
    return FD_CONTAINER_WHOLE;
}

fd_wholeness fd_container_check_stream(const fd_bytes_source *s, const uint8_t *head, bool *known)
{
    *known = true;
    if (memcmp(head, "OggS", 4) == 0)
        return check_ogg(s);
    if (memcmp(head, "GIF87a", 6) == 0 || memcmp(head, "GIF89a", 6) == 0)
        return check_gif(s);
    if (memcmp(head, "FLV\1", 4) == 0)
        return check_flv(s);
    if (memcmp(head, asf, sizeof asf) == 0)
        return check_asf(s);
    return check_ts(s, known);
}
