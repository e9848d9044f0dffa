/* Containers of video, looked at from outside: whether a file ends where it says that it ends, and whether it is a list of other files. */
#ifndef FD_DATA_CONTAINER_H
#define FD_DATA_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum fd_wholeness {
    FD_CONTAINER_WHOLE,
    FD_CONTAINER_CUT_SHORT,    /* it ends before the end that it names */
    FD_CONTAINER_NO_INDEX,     /* ISO media (MP4, MOV) without its moov box: what there is cannot be read */
    FD_CONTAINER_SILENT        /* of a kind that does not say where it ends (MPEG streams, live recordings, ...), or of none */
} fd_wholeness;

/* A file of `size` bytes. read: n bytes from `offset` on; false when they cannot be read. */
typedef struct fd_bytes_source {
    bool (*read)(void *self, int64_t offset, void *bytes, size_t n);
    void *self;
    int64_t size;
} fd_bytes_source;

/* ISO media, Matroska, AVI, ASF and YUV4MPEG2 by the sizes that stand in front of their parts, Ogg and GIF by what stands at their ends, FLV by what its first tag
 * tells, MPEG-TS by the size of its packets. Any bytes are allowed. */
fd_wholeness fd_container_check(const fd_bytes_source *s);

/* Whether a file that begins so names others to be played: M3U, ffconcat, PLS, ASX, DASH, SMIL, SDP. */
bool fd_container_is_playlist(const uint8_t *bytes, size_t n);

#endif
