/* JPEG by libjpeg-turbo, with the settings Pillow uses: the library's defaults (ISLOW, fancy upsampling). */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/memory.h"
#include "data/decoder.h"

enum { DEFAULT_SCANS = 100 };

typedef struct reader {
    struct jpeg_decompress_struct c;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf out;
    fd_decoding *d;
    int64_t max_scans;
    uint8_t *cmyk;   /* one row of four components; NULL for other pictures */
    bool at_end;   /* the file ended before the picture did */
} reader;

static fd_image_status status_of(int code)
{
    switch (code) {
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_NOT_COMPILED:
        return FD_IMAGE_UNSUPPORTED;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        return FD_IMAGE_TOO_LARGE;
    case JERR_OUT_OF_MEMORY:
        return FD_IMAGE_OUT_OF_MEMORY;
    default:
        return FD_IMAGE_CORRUPT;
    }
}

static _Noreturn void stop(reader *r, fd_image_status status, const char *reason)
{
    fd_decoding_fail(r->d, status, "%s", reason);
    longjmp(r->out, 1);
}

static _Noreturn void stop_at_end(reader *r)
{
    stop(r, FD_IMAGE_TRUNCATED, "the file ends before the picture does");
}

static void on_error(j_common_ptr c)
{
    reader *r = c->client_data;
    char text[JMSG_LENGTH_MAX];
    c->err->format_message(c, text);
    if (r->at_end)
        stop_at_end(r);
    stop(r, status_of(c->err->msg_code), text);
}

static void on_message(j_common_ptr c, int level)
{
    reader *r = c->client_data;
    if (level >= 0)
        return;
    c->err->num_warnings++;
    if (c->err->msg_code == JWRN_JPEG_EOF) {
        r->at_end = true;
        if (!r->d->config->accept_truncated)
            stop_at_end(r);
        return;
    }
    if (r->d->image->flags & FD_FLAG_DECODER_WARNING)
        return;
    char text[JMSG_LENGTH_MAX];
    c->err->format_message(c, text);
    fd_decoding_warn(r->d, text);
}

static void on_progress(j_common_ptr c)
{
    reader *r = c->client_data;
    if (r->c.input_scan_number > r->max_scans)
        stop(r, FD_IMAGE_TOO_LARGE, "more progressive scans than the limit");
}

/* Bytes that libjpeg holds beside the picture: all coefficients (16 bits each) where scans must be collected, and a few rows. */
static size_t decoder_bytes(const reader *r)
{
    size_t bytes = (size_t)r->c.image_width * 256;
    for (int i = 0; jpeg_has_multiple_scans((j_decompress_ptr)&r->c) && i < r->c.num_components; i++) {
        const jpeg_component_info *p = &r->c.comp_info[i];
        bytes +=
            ((size_t)p->width_in_blocks + (size_t)p->h_samp_factor) * ((size_t)p->height_in_blocks + (size_t)p->v_samp_factor) * sizeof(JBLOCK);
    }
    return bytes;
}

/* Pillow's: inks are stored inverted, as Adobe does; then each of red, green, blue is (255 - ink) scaled by (255 - black), rounded. */
static void rgb_of_cmyk(uint8_t *rgb, const uint8_t *cmyk, int32_t width)
{
    for (int32_t x = 0; x < width; x++, rgb += 3, cmyk += 4) {
        int white = cmyk[3];
        for (int i = 0; i < 3; i++) {
            int product = (255 - cmyk[i]) * white + 128;
            rgb[i] = (uint8_t)(white - ((product >> 8) + product) / 256);
        }
    }
}

static void read_row(reader *r, uint8_t *rgb)
{
    JSAMPROW row = r->cmyk ? r->cmyk : rgb;
    if (jpeg_read_scanlines(&r->c, &row, 1) != 1)
        stop(r, FD_IMAGE_CORRUPT, "a row is missing");
    if (r->cmyk)
        rgb_of_cmyk(rgb, row, r->d->canvas.width);
}

static void read_picture(reader *r)
{
    fd_canvas *canvas = &r->d->canvas;
    for (int32_t y = 0, rows; y < canvas->height; y += rows) {
        uint8_t *to = fd_canvas_rows(canvas, y, &rows);
        for (int32_t j = 0; j < rows; j++)
            read_row(r, to + (size_t)j * canvas->pitch);
        fd_canvas_put(canvas, y, rows);
    }
}

static void prepare(reader *r)
{
    r->c.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_message;
    r->c.client_data = r;
    jpeg_create_decompress(&r->c);
    r->progress.progress_monitor = on_progress;
    r->c.progress = &r->progress;
    jpeg_mem_src(&r->c, r->d->bytes, r->d->n);
}

static void decode(reader *r)
{
    prepare(r);
    jpeg_read_header(&r->c, TRUE);
    bool cmyk = r->c.num_components == 4, gray = r->d->config->as_stored && r->c.num_components == 1;
    r->c.out_color_space = cmyk ? JCS_CMYK : gray ? JCS_GRAYSCALE : JCS_RGB;
    r->d->image->channels = gray ? 1 : 3;
    if (!fd_decoding_start(r->d, r->c.image_width, r->c.image_height, decoder_bytes(r)))
        return;
    fd_error *err = cmyk ? fd_alloc(&r->cmyk, r->c.image_width, 4) : NULL;
    fd_error_free(err);
    if (err)
        stop(r, FD_IMAGE_OUT_OF_MEMORY, "no memory for a row");
    jpeg_start_decompress(&r->c);
    read_picture(r);
    jpeg_finish_decompress(&r->c);
    if (r->at_end) {
        r->d->image->flags |= FD_FLAG_TRUNCATED_ACCEPTED;
        snprintf(r->d->image->detail, sizeof r->d->image->detail, "the file ends before the picture does; what is there was kept");
    }
}

static void decode_guarded(reader *r)
{
    if (!setjmp(r->out))
        decode(r);
}

void fd_jpeg_decode(fd_decoding *d)
{
    reader *r;
    fd_error *err = fd_alloc(&r, 1, sizeof *r);
    if (err) {
        fd_decoding_fail(d, FD_IMAGE_OUT_OF_MEMORY, "%s", fd_error_message(err));
        fd_error_free(err);
        return;
    }
    r->d = d;
    r->max_scans = d->config->max_scans ? d->config->max_scans : DEFAULT_SCANS;
    decode_guarded(r);
    jpeg_destroy_decompress(&r->c);
    free(r->cmyk);
    free(r);
}

#define TEXT_OF(token) #token
#define TEXT(token) TEXT_OF(token)

const char *fd_jpeg_library(void)
{
#ifdef LIBJPEG_TURBO_VERSION
    return "libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION);
#else
    return "libjpeg " TEXT(JPEG_LIB_VERSION);
#endif
}
