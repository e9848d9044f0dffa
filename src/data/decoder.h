/* What the decoders of the single kinds share; not for other rooms. */
#ifndef FD_DATA_DECODER_H
#define FD_DATA_DECODER_H

#include "data/canvas.h"
#include "data/decode.h"

/* What a file's headers tell before a decoder is asked. */
typedef struct fd_header {
    int32_t width, height;   /* 0: not found */
    const uint8_t *exif;     /* a TIFF block inside the file's bytes; NULL: none */
    size_t exif_n;
} fd_header;

const char *fd_jpeg_library(void);   /* "libjpeg-turbo 2.1.5" */
const char *fd_png_library(void);    /* "libpng 1.6.39" */

void fd_jpeg_header(const uint8_t *bytes, size_t n, fd_header *out);
void fd_png_header(const uint8_t *bytes, size_t n, fd_header *out);

/* One picture on its way. A decoder fills canvas, and image but for rgb. */
typedef struct fd_decoding {
    const uint8_t *bytes;
    size_t n;
    const fd_decode_config *config;
    int orientation;         /* to be applied, 1..8 */
    fd_canvas canvas;
    fd_image *image;
} fd_decoding;

void fd_jpeg_decode(fd_decoding *d);
void fd_png_decode(fd_decoding *d);

/* Sets status and reason. */
void fd_decoding_fail(fd_decoding *d, fd_image_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Keeps the first warning of the decoder. */
void fd_decoding_warn(fd_decoding *d, const char *text);
/* The header is known, image->channels and depth too: records the size, refuses what is beyond the limits (`extra` bytes are what the decoder itself needs beside the picture)
 * and only then makes room. False when the picture is refused. */
bool fd_decoding_start(fd_decoding *d, int64_t width, int64_t height, size_t extra);

#endif
