#include <string.h>
#include <strings.h>

#include "data/container_parts.h"

/* --- ISO media (ISO/IEC 14496-12): boxes of a size of 32 bits and a name; size 1: 64 bits follow; size 0: to the end ------------------- */

static bool is_iso(const uint8_t *head)
{
    static const char first[][5] = {"ftyp", "moov", "mdat", "wide", "free", "skip", "pnot", "styp", "sidx"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (memcmp(head + 4, first[i], 4) == 0)
            return true;
    return false;
}

static fd_wholeness check_iso(const fd_bytes_source *s)
{
    bool index = false;
    int64_t at = 0;
    while (at < s->size) {
        uint8_t head[16];
        if (s->size - at < 8)
            break;   /* QuickTime's writers leave a few zero bytes */
        if (!fd_container_read(s, at, head, 8))
            return FD_CONTAINER_SILENT;
        uint64_t size = fd_big_endian(head, 4), least = 8;
        index |= memcmp(head + 4, "moov", 4) == 0;
        if (size == 1) {
            if (!fd_container_read(s, at, head, 16))
                return index ? FD_CONTAINER_CUT_SHORT : FD_CONTAINER_NO_INDEX;
            size = fd_big_endian(head + 8, 8);
            least = 16;
        } else if (size == 0) {
            break;
        }
        if (size < least)
            return FD_CONTAINER_SILENT;
        if (fd_container_ends_beyond(s, at, size))
            return index && memcmp(head + 4, "moov", 4) != 0 ? FD_CONTAINER_CUT_SHORT : FD_CONTAINER_NO_INDEX;
        at += (int64_t)size;
    }
    return index ? FD_CONTAINER_WHOLE : FD_CONTAINER_NO_INDEX;
}

/* --- Matroska (RFC 8794): elements of an identifier and a size, both of a length that their leading zero bits tell --------------------- */

/* A number of 1..8 bytes; its marker is kept where `marked`. *length 0: none. */
static uint64_t ebml_number(const fd_bytes_source *s, int64_t at, bool marked, int *length)
{
    uint8_t bytes[8];
    *length = 0;
    if (!fd_container_read(s, at, bytes, 1) || bytes[0] == 0)
        return 0;
    const int n = __builtin_clz((unsigned)bytes[0]) - 24 + 1;
    if (!fd_container_read(s, at, bytes, (size_t)n))
        return 0;
    *length = n;
    const uint64_t v = fd_big_endian(bytes, n);
    return marked ? v : v & ((UINT64_C(1) << 7 * n) - 1);
}

typedef struct element { uint64_t id, size; bool open; int64_t content; } element;   /* open: of no stated size */

static bool read_element(const fd_bytes_source *s, int64_t at, element *e)
{
    int n, m;
    e->id = ebml_number(s, at, true, &n);
    e->size = n ? ebml_number(s, at + n, false, &m) : 0;
    if (!n || !m)
        return false;
    e->open = e->size == (UINT64_C(1) << 7 * m) - 1;
    e->content = at + n + m;
    return true;
}

static fd_wholeness check_matroska(const fd_bytes_source *s)
{
    element e;
    int64_t at = 0;
    bool inside = false;   /* a segment of no stated size: its clusters are looked at */
    while (at < s->size) {
        if (!read_element(s, at, &e))
            return FD_CONTAINER_CUT_SHORT;
        const bool segment = e.id == 0x18538067;
        if (e.open && !segment)
            return FD_CONTAINER_SILENT;   /* a live stream's cluster */
        if (e.open) {
            inside = true;
            at = e.content;
            continue;
        }
        if (fd_container_ends_beyond(s, e.content, e.size))
            return FD_CONTAINER_CUT_SHORT;
        at = e.content + (int64_t)e.size;
        if (segment && !inside)
            return FD_CONTAINER_WHOLE;   /* what lies behind it is nobody's */
    }
    return inside ? FD_CONTAINER_SILENT : FD_CONTAINER_CUT_SHORT;   /* a header without a segment */
}

/* --- AVI: RIFF chunks; long files have several. A size of 0 was never filled in. --------------------------------------------------------- */

static fd_wholeness check_avi(const fd_bytes_source *s)
{
    for (int64_t at = 0; s->size - at >= 12;) {
        uint8_t head[12];
        if (!fd_container_read(s, at, head, 12))
            return FD_CONTAINER_SILENT;
        if (memcmp(head, "RIFF", 4) != 0)
            return at ? FD_CONTAINER_WHOLE : FD_CONTAINER_SILENT;
        const uint32_t size = fd_little_endian(head + 4);
        if (size < 4 || fd_container_ends_beyond(s, at + 8, size))
            return FD_CONTAINER_CUT_SHORT;
        at += 8 + (int64_t)size + (size & 1);
    }
    return FD_CONTAINER_WHOLE;
}

/* --- YUV4MPEG2: a line that tells size and sampling, then frames, each behind a line of its own ----------------------------------------- */

/* Bytes of a frame; 0: of a sampling that is not known here. */
static uint64_t y4m_frame(const char *line)
{
    uint64_t width = 0, height = 0, bytes = 1;
    const char *sampling = "420";
    for (const char *at = line; (at = strchr(at, ' ')); ) {
        at++;
        for (const char *digit = at + 1; (*at == 'W' || *at == 'H') && *digit >= '0' && *digit <= '9'; digit++) {
            uint64_t *v = *at == 'W' ? &width : &height;
            *v = *v * 10 + (uint64_t)(*digit - '0');
            if (*v > 1u << 20)
                return 0;
        }
        if (*at == 'C')
            sampling = at + 1;
    }
    if (strstr(sampling, "p9") || strstr(sampling, "p1") || strncmp(sampling, "mono1", 5) == 0)
        bytes = 2;
    const uint64_t across = (width + 1) / 2, down = (height + 1) / 2, luma = width * height;
    if (strncmp(sampling, "444alpha", 8) == 0)
        return 4 * luma;
    if (strncmp(sampling, "mono", 4) == 0)
        return luma * bytes;
    if (strncmp(sampling, "444", 3) == 0)
        return 3 * luma * bytes;
    if (strncmp(sampling, "422", 3) == 0)
        return (luma + 2 * across * height) * bytes;
    if (strncmp(sampling, "411", 3) == 0)
        return luma + 2 * ((width + 3) / 4) * height;
    return strncmp(sampling, "420", 3) == 0 ? (luma + 2 * across * down) * bytes : 0;
}

/* The line at `at`, without its end; false when there is none of at most n - 1 bytes. *next: what lies behind it. */
static bool read_line(const fd_bytes_source *s, int64_t at, char *line, size_t n, int64_t *next)
{
    const size_t there = s->size - at < (int64_t)n - 1 ? (size_t)(s->size - at) : n - 1;
    if (!fd_container_read(s, at, line, there))
        return false;
    line[there] = 0;
    char *end = memchr(line, '\n', there);
    if (!end)
        return false;
    *end = 0;
    *next = at + (end - line) + 1;
    return true;
}

static fd_wholeness check_y4m(const fd_bytes_source *s)
{
    char line[256];
    int64_t at;
    if (!read_line(s, 0, line, sizeof line, &at))
        return FD_CONTAINER_SILENT;
    const uint64_t frame = y4m_frame(line);
    if (frame == 0)
        return FD_CONTAINER_SILENT;
    while (at < s->size) {
        if (!read_line(s, at, line, sizeof line, &at) || fd_container_ends_beyond(s, at, frame))
            return FD_CONTAINER_CUT_SHORT;
        if (strncmp(line, "FRAME", 5) != 0)
            return FD_CONTAINER_SILENT;
        at += (int64_t)frame;
    }
    return FD_CONTAINER_WHOLE;
}

fd_wholeness fd_container_check(const fd_bytes_source *s)
{
    static const uint8_t ebml[4] = {0x1a, 0x45, 0xdf, 0xa3};
    uint8_t head[12];
    if (!fd_container_read(s, 0, head, sizeof head))
        return FD_CONTAINER_SILENT;
    if (memcmp(head, ebml, sizeof ebml) == 0)
        return check_matroska(s);
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "AVI ", 4) == 0)
        return check_avi(s);
    if (memcmp(head, "YUV4MPEG2 ", 10) == 0)
        return check_y4m(s);
    bool known = false;
    const fd_wholeness is = fd_container_check_stream(s, head, &known);
    return !known && is_iso(head) ? check_iso(s) : is;
}

bool fd_container_is_playlist(const uint8_t *bytes, size_t n)
{
    static const char *const first[] = {"#EXTM3U", "#EXT-X-", "ffconcat version", "[playlist]", "<asx", "<smil", "v=0\r", "v=0\n"};
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        n -= 3;
    }
    for (; n > 0 && memchr(" \t\r\n", *bytes, 4); n--)
        bytes++;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (n >= strlen(first[i]) && strncasecmp((const char *)bytes, first[i], strlen(first[i])) == 0)
            return true;
    return n > 0 && *bytes == '<' && memmem(bytes, n, "<MPD", 4) != NULL;
}
