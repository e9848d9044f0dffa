#include "data/decode.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/decoder.h"
#include "data/kind.h"

void fd_decoding_fail(fd_decoding *d, fd_image_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->image->detail, sizeof d->image->detail, format, args);
    va_end(args);
    d->image->status = status;
}

void fd_decoding_warn(fd_decoding *d, const char *text)
{
    if (!(d->image->flags & FD_FLAG_DECODER_WARNING))
        snprintf(d->image->detail, sizeof d->image->detail, "%s", text);
    d->image->flags |= FD_FLAG_DECODER_WARNING;
}

bool fd_decoding_start(fd_decoding *d, int64_t width, int64_t height, size_t extra)
{
    if (width <= 0 || height <= 0 || width > INT32_MAX || height > INT32_MAX) {
        fd_decoding_fail(d, FD_IMAGE_CORRUPT, "a picture of %lld x %lld pixels", (long long)width, (long long)height);
        return false;
    }
    fd_upright_size(d->orientation, (int32_t)width, (int32_t)height, &d->image->width, &d->image->height);
    if (width > d->config->max_pixels / height) {
        fd_decoding_fail(d, FD_IMAGE_TOO_LARGE, "%lld x %lld pixels, the limit is %lld", (long long)width, (long long)height,
                         (long long)d->config->max_pixels);
        return false;
    }
    size_t pixel = (size_t)(d->image->channels * d->image->depth / 8), picture = (size_t)width * (size_t)height * pixel;
    size_t strip = d->orientation == 1 ? 0 : ((size_t)width * pixel + 66) * FD_STRIP_ROWS;
    if (d->config->max_bytes && (extra > d->config->max_bytes || picture + strip > d->config->max_bytes - extra)) {
        fd_decoding_fail(d, FD_IMAGE_OUT_OF_MEMORY, "decoding needs %zu bytes, the limit is %zu", picture + strip + extra,
                         d->config->max_bytes);
        return false;
    }
    fd_error *err = fd_canvas_open(&d->canvas, d->config->slab, (int32_t)width, (int32_t)height, (int)pixel, d->orientation);
    if (err)
        fd_decoding_fail(d, FD_IMAGE_OUT_OF_MEMORY, "%s", fd_error_message(err));
    bool started = err == NULL;
    fd_error_free(err);
    return started;
}

/* The orientation to apply; a block that makes no sense is noted and the picture left as it lies. */
static int orientation_of(const fd_header *h, const fd_decode_config *config, fd_image *image)
{
    if (config->ignore_exif || !h->exif)
        return 1;
    const uint8_t *block = h->exif;
    size_t n = h->exif_n;
    while (n >= 6 && !memcmp(block, "Exif\0\0", 6)) {   /* some writers put JPEG's prefix in PNG's chunk */
        block += 6;
        n -= 6;
    }
    int orientation = fd_exif_orientation(block, n);
    if (!orientation)
        image->flags |= FD_FLAG_BAD_EXIF;
    return orientation ? orientation : 1;
}

fd_error *fd_decode(const uint8_t *bytes, size_t n, const fd_decode_config *config, fd_image *out)
{
    *out = (fd_image){.status = FD_IMAGE_OK, .channels = 3, .depth = 8};
    fd_decoding d = {.bytes = bytes, .n = n, .config = config, .orientation = 1, .image = out};
    const char *name;
    fd_image_kind kind = n ? fd_kind_of(bytes, n, &name) : FD_KIND_UNKNOWN;
    fd_header header = {0};
    if (!n) {
        fd_decoding_fail(&d, FD_IMAGE_EMPTY, "a file of zero bytes");
    } else if (kind == FD_KIND_JPEG) {
        fd_jpeg_header(bytes, n, &header);
        d.orientation = orientation_of(&header, config, out);
        fd_jpeg_decode(&d);
    } else if (kind == FD_KIND_PNG) {
        fd_png_header(bytes, n, &header);
        d.orientation = orientation_of(&header, config, out);
        fd_png_decode(&d);
    } else {
        fd_verdict v = fd_verdict_of_kind(kind, name);
        fd_decoding_fail(&d, v.status, "%s", v.detail);
    }
    if (out->status == FD_IMAGE_OK) {
        out->rgb = d.canvas.rgb;
        out->lent = d.canvas.slab != NULL;
        d.canvas.rgb = NULL;
        d.canvas.slab = NULL;
    }
    fd_canvas_free(&d.canvas);
    if ((out->flags & FD_FLAG_BAD_EXIF) && !out->detail[0])
        snprintf(out->detail, sizeof out->detail, "malformed EXIF, orientation unknown");
    return NULL;
}

void fd_image_free(fd_image *image)
{
    if (!image->lent)
        free(image->rgb);
    image->rgb = NULL;
}

bool fd_decode_size(const uint8_t *bytes, size_t n, int32_t *width, int32_t *height)
{
    const char *name;
    fd_header h = {0};
    fd_image_kind kind = fd_kind_of(bytes, n, &name);
    if (kind == FD_KIND_JPEG)
        fd_jpeg_header(bytes, n, &h);
    else if (kind == FD_KIND_PNG)
        fd_png_header(bytes, n, &h);
    *width = h.width;
    *height = h.height;
    return h.width > 0 && h.height > 0;
}

/* The picture (3 bytes a pixel) and, at worst, the coefficients of a progressive JPEG of four full-size components (8 bytes a pixel); rows,
 * tables and the libraries themselves below a megabyte and 256 bytes a column. */
size_t fd_decode_bytes(int32_t width, int32_t height)
{
    return (size_t)width * (size_t)height * 11 + (size_t)width * 256 + ((size_t)1 << 20);
}

void fd_decode_libraries(char *out, size_t size)
{
    snprintf(out, size, "%s, %s", fd_jpeg_library(), fd_png_library());
}
