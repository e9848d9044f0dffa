/* Pictures to JPEG by libjpeg-turbo. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/decode.h"

typedef struct writer {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    jmp_buf out;
    char reason[JMSG_LENGTH_MAX];
    unsigned char *bytes;
    unsigned long n;
    uint8_t *row;   /* [width][1 or 3] */
} writer;

static void on_error(j_common_ptr c)
{
    writer *w = c->client_data;
    c->err->format_message(c, w->reason);
    longjmp(w->out, 1);
}

static void on_message(j_common_ptr c)
{
    (void)c;   /* the encoder has none that matters */
}

/* One row as gray or RGB of 8 bits, without alpha. */
static void narrow(const fd_image *image, int32_t y, int channels, uint8_t *row)
{
    const uint16_t *wide = (const uint16_t *)(const void *)image->rgb;
    const int64_t at = (int64_t)y * image->width * image->channels;
    for (int64_t x = 0; x < image->width; x++)
        for (int k = 0; k < channels; k++) {
            const int64_t i = at + x * image->channels + k;
            row[x * channels + k] = image->depth == 16 ? (uint8_t)(wide[i] >> 8) : image->rgb[i];
        }
}

/* False when libjpeg gave up: w->reason says why. */
static bool encode(writer *w, const fd_image *image, int quality)
{
    const int channels = image->channels >= 3 ? 3 : 1;
    if (setjmp(w->out))
        return false;
    jpeg_create_compress(&w->c);
    jpeg_mem_dest(&w->c, &w->bytes, &w->n);
    w->c.image_width = (JDIMENSION)image->width;
    w->c.image_height = (JDIMENSION)image->height;
    w->c.input_components = channels;
    w->c.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&w->c);
    jpeg_set_quality(&w->c, quality, TRUE);
    w->c.optimize_coding = TRUE;
    jpeg_start_compress(&w->c, TRUE);
    while (w->c.next_scanline < w->c.image_height) {
        narrow(image, (int32_t)w->c.next_scanline, channels, w->row);
        jpeg_write_scanlines(&w->c, &w->row, 1);
    }
    jpeg_finish_compress(&w->c);
    return true;
}

static fd_error *encode_image(const fd_image *image, int quality, uint8_t **bytes, size_t *n)
{
    fd_error *err = NULL;
    writer *w = NULL;
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    FD_TRY(fd_alloc(&w->row, (size_t)image->width, 3));
    w->c.err = jpeg_std_error(&w->errors);
    w->errors.error_exit = on_error;
    w->errors.output_message = on_message;
    w->c.client_data = w;
    bool done = encode(w, image, quality);
    jpeg_destroy_compress(&w->c);
    if (!done) {
        free(w->bytes);
        FD_THROW(w->errors.msg_code == JERR_OUT_OF_MEMORY ? FD_NOMEM : FD_UNSUPPORTED, "cannot encode a picture of %dx%d: %s", image->width,
                 image->height, w->reason);
    }
    *bytes = w->bytes;
    *n = w->n;
done:
    if (w)
        free(w->row);
    free(w);
    return err;
}

fd_error *fd_jpeg_encode(const uint8_t *rgb, int32_t width, int32_t height, int quality, uint8_t **bytes, size_t *n)
{
    const fd_image image = {.rgb = (uint8_t *)(uintptr_t)rgb /* only read */, .width = width, .height = height, .channels = 3, .depth = 8};
    return encode_image(&image, quality, bytes, n);
}

fd_error *fd_jpeg_write_image(const char *path, const fd_image *image, int quality)
{
    fd_error *err = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    FD_TRY(encode_image(image, quality, &bytes, &n));
    FD_TRY(fd_file_replace(path, bytes, n));
done:
    free(bytes);
    return err;
}
