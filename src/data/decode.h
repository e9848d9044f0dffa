/* Photographs to RGB8, upright, or with the samples that the file has. The pixels equal Pillow's for baseline and progressive JPEG and 8-bit PNG. */
#ifndef FD_DATA_DECODE_H
#define FD_DATA_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/ledger.h"

/* Memory for pictures, one behind the other; one that has no room left gets memory of its own. By one thread at a time. */
typedef struct fd_slab { uint8_t *memory; size_t bytes, used; } fd_slab;
/* What a picture of this size takes of it. */
size_t fd_slab_bytes(int32_t width, int32_t height);

typedef struct fd_image {
    uint8_t *rgb;            /* [height][width][channels], tightly packed; NULL when status is not OK */
    bool lent;               /* rgb lies in the slab; else it is owned */
    int channels, depth;     /* 3 of 8 bits: RGB8; with as_stored: gray, gray + alpha, RGB, RGB + alpha of 8 or 16 bits (host order) */
    int32_t width, height;   /* upright; set even when decoding failed, if the header was read */
    fd_image_status status;
    uint8_t flags;           /* FD_FLAG_* */
    char detail[160];        /* reason, decoder warning; printable; "" when there is nothing to say */
} fd_image;

typedef struct fd_decode_config {
    int64_t max_pixels;      /* an image of more is too_large */
    int64_t max_scans;       /* of a progressive JPEG; more is too_large; 0: the default of 100 */
    size_t max_bytes;        /* of decoder memory; more is out_of_memory; 0: no limit */
    fd_slab *slab;           /* where pictures go; NULL: each gets memory of its own */
    bool as_stored;          /* keep gray, alpha and 16 bits; palettes and fewer than 8 bits are expanded all the same, CMYK is RGB */
    bool ignore_exif;        /* leave the picture as it lies */
    bool accept_truncated;   /* what is there is kept, the row is flagged; the rest is gray in a JPEG, black in a PNG (as Pillow) */
} fd_decode_config;

/* Decodes a file's bytes; kind is told by magic bytes. What is wrong with the data is in out->status and detail; an fd_error is only a
 * fault of the world. What Pillow opens is ok, with the decoder's first warning kept (FD_FLAG_DECODER_WARNING); what it refuses is corrupt,
 * or truncated where the file ends too soon (a JPEG without its end marker included). A wrong checksum in a PNG's pixels is corrupt.
 * fd_image_free(out) in any case. Thread-safe, but for a slab that two calls share. */
fd_error *fd_decode(const uint8_t *bytes, size_t n, const fd_decode_config *config, fd_image *out) FD_CHECK;
void fd_image_free(fd_image *image);

/* The libraries that decode: "libjpeg-turbo 2.1.5, libpng 1.6.39". */
void fd_decode_libraries(char *out, size_t size);

/* Width and height from the header alone, before EXIF; false when it cannot be told. At most the first 64 KB need be given, where a JPEG's
 * frame header lies within them. */
bool fd_decode_size(const uint8_t *bytes, size_t n, int32_t *width, int32_t *height);

/* Predicted peak bytes of decoding an image of this size (for the memory budget). */
size_t fd_decode_bytes(int32_t width, int32_t height);

/* EXIF orientation 1..8 of a TIFF block ("II*\0" or "MM\0*"); 1 where the tag is absent or zero; 0 when the block is malformed. */
int fd_exif_orientation(const uint8_t *tiff, size_t n);

/* Writes a picture as PNG (whole or not at all): RGB8, or with the channels and the depth that it has. */
fd_error *fd_png_write(const char *path, const uint8_t *rgb, int32_t width, int32_t height) FD_CHECK;
/* level: of compression, 0 (none) to 9, or -1: the library's own. */
fd_error *fd_png_write_image(const char *path, const fd_image *image, int level) FD_CHECK;
/* *bytes = an RGB8 picture (at least 1x1) as a JPEG of this quality (1..100). free(*bytes). */
fd_error *fd_jpeg_encode(const uint8_t *rgb, int32_t width, int32_t height, int quality, uint8_t **bytes, size_t *n) FD_CHECK;
/* As JPEG of a quality of 1..100: 8 bits, gray or RGB; of 16 bits the high ones, without alpha. */
fd_error *fd_jpeg_write_image(const char *path, const fd_image *image, int quality) FD_CHECK;

#endif
