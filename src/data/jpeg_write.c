/* RGB8 to JPEG by libjpeg-turbo. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "base/memory.h"
#include "data/decode.h"

typedef struct writer {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    jmp_buf out;
    char reason[JMSG_LENGTH_MAX];
    unsigned char *bytes;
    unsigned long n;
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

/* False when libjpeg gave up: w->reason says why. */
static bool encode(writer *w, const uint8_t *rgb, int32_t width, int32_t height, int quality)
{
    if (setjmp(w->out))
        return false;
    jpeg_create_compress(&w->c);
    jpeg_mem_dest(&w->c, &w->bytes, &w->n);
    w->c.image_width = (JDIMENSION)width;
    w->c.image_height = (JDIMENSION)height;
    w->c.input_components = 3;
    w->c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&w->c);
    jpeg_set_quality(&w->c, quality, TRUE);
    w->c.optimize_coding = TRUE;
    jpeg_start_compress(&w->c, TRUE);
    while (w->c.next_scanline < w->c.image_height) {
        JSAMPROW row = (JSAMPROW)(rgb + (size_t)w->c.next_scanline * (size_t)width * 3);
        jpeg_write_scanlines(&w->c, &row, 1);
    }
    jpeg_finish_compress(&w->c);
    return true;
}

fd_error *fd_jpeg_encode(const uint8_t *rgb, int32_t width, int32_t height, int quality, uint8_t **bytes, size_t *n)
{
    fd_error *err = NULL;
    writer *w = NULL;
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    w->c.err = jpeg_std_error(&w->errors);
    w->errors.error_exit = on_error;
    w->errors.output_message = on_message;
    w->c.client_data = w;
    bool done = encode(w, rgb, width, height, quality);
    jpeg_destroy_compress(&w->c);
    if (!done) {
        free(w->bytes);
        FD_THROW(FD_NOMEM, "cannot encode a picture of %dx%d: %s", width, height, w->reason);
    }
    *bytes = w->bytes;
    *n = w->n;
done:
    free(w);
    return err;
}
