/* PNG by libpng, to RGB8 as Pillow's convert("RGB"): alpha dropped, 16 bits cut to the high byte, gray below 8 bits expanded, no gamma. As stored:
 * palettes and gray below 8 bits expanded, a colour that is marked as transparent made an alpha channel. */
#include <png.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/decoder.h"

enum { SIGNATURE = 8, CHUNK_FRAME = 12, MAX_CHUNK = 8 << 20 /* bytes of one ancillary chunk */ };

static uint32_t u32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* eXIf may stand before or after the pixels, so the chunks are walked here; their contents are left to libpng. */
void fd_png_header(const uint8_t *b, size_t n, fd_header *out)
{
    for (size_t i = SIGNATURE; i + 8 <= n;) {
        size_t length = u32(b + i), there = n - i - 8;
        const uint8_t *body = b + i + 8;
        if (!memcmp(b + i + 4, "IHDR", 4) && there >= 8 && u32(body) <= INT32_MAX && u32(body + 4) <= INT32_MAX) {
            out->width = (int32_t)u32(body);
            out->height = (int32_t)u32(body + 4);
        } else if (!memcmp(b + i + 4, "eXIf", 4) && there >= length && !out->exif) {
            out->exif = body;
            out->exif_n = length;
        } else if (!memcmp(b + i + 4, "IEND", 4)) {
            return;
        }
        if (length > there || there - length < 4)
            return;
        i += CHUNK_FRAME + length;
    }
}

typedef struct reader {
    png_struct *png;
    png_info *info;
    jmp_buf out;
    fd_decoding *d;
    size_t at;   /* bytes consumed */
    uint8_t *whole;   /* [height][width][pixel] of an interlaced picture as it lies; the canvas itself when it lies upright */
    bool owns_whole;
    int32_t rows;   /* complete from the top */
    bool started;   /* the canvas is there */
    bool at_end;   /* the file ended too soon */
    bool complete;   /* all pixels were read */
    char reason[128];
} reader;

static void on_error(png_struct *png, const char *text)
{
    reader *r = png_get_error_ptr(png);
    snprintf(r->reason, sizeof r->reason, "%s", text);
    longjmp(r->out, 1);
}

static void on_warning(png_struct *png, const char *text)
{
    reader *r = png_get_error_ptr(png);
    fd_decoding_warn(r->d, text);
}

/* A chunk of pixels that the end of the file cuts off is given the length that is there: libpng asks for thousands of bytes at once, and would
 * lose the last of them. It then fails at the chunk's checksum, when all rows that can be had are out. */
static void mend_length(const reader *r, uint8_t head[8])
{
    size_t there = r->d->n - r->at;
    if (!memcmp(head + 4, "IDAT", 4) && u32(head) > there)
        for (int i = 0; i < 4; i++)
            head[i] = (uint8_t)(there >> (24 - 8 * i));
}

static void on_read(png_struct *png, png_byte *to, size_t n)
{
    reader *r = png_get_io_ptr(png);
    if (n > r->d->n - r->at) {
        r->at_end = true;
        png_error(png, "the file ends before the picture does");
    }
    memcpy(to, r->d->bytes + r->at, n);
    r->at += n;
    if (n == 8)
        mend_length(r, to);
}

/* The samples of the file; 16 bits in the order of this machine. */
static void set_transforms_as_stored(reader *r)
{
    const int type = png_get_color_type(r->png, r->info);
    const uint16_t one = 1;
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(r->png);
    if (type == PNG_COLOR_TYPE_GRAY)
        png_set_expand_gray_1_2_4_to_8(r->png);
    if (png_get_valid(r->png, r->info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(r->png);
    if (r->d->image->depth == 16 && *(const uint8_t *)&one)
        png_set_swap(r->png);
}

static void note_samples(reader *r)
{
    const int type = png_get_color_type(r->png, r->info);
    const bool alpha = (type & PNG_COLOR_MASK_ALPHA) || png_get_valid(r->png, r->info, PNG_INFO_tRNS);
    r->d->image->channels = (type & PNG_COLOR_MASK_COLOR ? 3 : 1) + alpha;
    r->d->image->depth = png_get_bit_depth(r->png, r->info) == 16 ? 16 : 8;
}

/* Whatever the file holds, rows come out as RGB8. Colour profiles, gamma and background are not applied: Pillow does not either. */
static void set_transforms(reader *r)
{
    int type = png_get_color_type(r->png, r->info);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(r->png);
    if (type == PNG_COLOR_TYPE_GRAY)
        png_set_expand_gray_1_2_4_to_8(r->png);
    if (!(type & PNG_COLOR_MASK_COLOR))
        png_set_gray_to_rgb(r->png);
    png_set_strip_16(r->png);
    png_set_strip_alpha(r->png);
}

/* Rows as the file gives them, one after the other. */
static void read_rows(reader *r)
{
    fd_canvas *canvas = &r->d->canvas;
    for (int32_t y = 0, rows; y < canvas->height; y += rows) {
        uint8_t *to = fd_canvas_rows(canvas, y, &rows);
        for (int32_t j = 0; j < rows; j++) {
            png_read_row(r->png, to + (size_t)j * canvas->pitch, NULL);
            r->rows = y + j + 1;
        }
        fd_canvas_put(canvas, y, rows);
    }
}

/* Seven passes over the whole picture. */
static void read_interlaced(reader *r, int passes)
{
    size_t pitch = (size_t)r->d->canvas.width * (size_t)r->d->canvas.pixel;
    for (int pass = 0; pass < passes; pass++)
        for (int32_t y = 0; y < r->d->canvas.height; y++)
            png_read_row(r->png, r->whole + (size_t)y * pitch, NULL);
}

static void turn_whole(reader *r)
{
    fd_canvas *canvas = &r->d->canvas;
    if (!r->owns_whole)
        return;
    size_t pitch = (size_t)canvas->width * (size_t)canvas->pixel;
    for (int32_t y = 0, rows; y < canvas->height; y += rows) {
        uint8_t *to = fd_canvas_rows(canvas, y, &rows);
        for (int32_t j = 0; j < rows; j++)
            memcpy(to + (size_t)j * canvas->pitch, r->whole + (size_t)(y + j) * pitch, pitch);
        fd_canvas_put(canvas, y, rows);
    }
}

/* Pixels that never came are black, as Pillow leaves them. */
static void blank_rest(reader *r)
{
    fd_canvas *canvas = &r->d->canvas;
    for (int32_t y = r->rows / FD_STRIP_ROWS * FD_STRIP_ROWS, rows; y < canvas->height; y += rows) {
        uint8_t *to = fd_canvas_rows(canvas, y, &rows);
        int32_t kept = r->rows > y ? r->rows - y : 0;
        memset(to + (size_t)kept * canvas->pitch, 0, (size_t)(rows - kept) * canvas->pitch);
        fd_canvas_put(canvas, y, rows);
    }
}

/* Room for an interlaced picture, black where no pass comes by. */
static bool make_whole(reader *r)
{
    size_t pixels = (size_t)r->d->canvas.width * (size_t)r->d->canvas.height;
    r->owns_whole = r->d->orientation != 1;
    if (!r->owns_whole) {
        r->whole = memset(r->d->canvas.rgb, 0, pixels * (size_t)r->d->canvas.pixel);
        return true;
    }
    fd_error *err = fd_alloc(&r->whole, pixels, (size_t)r->d->canvas.pixel);
    if (err)
        fd_decoding_fail(r->d, FD_IMAGE_OUT_OF_MEMORY, "%s", fd_error_message(err));
    fd_error_free(err);
    return r->whole != NULL;
}

static bool start(reader *r)
{
    int64_t width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
    bool interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
    size_t row = png_get_rowbytes(r->png, r->info), extra = row * 4;   /* libpng holds the row, the one before and its filters */
    if (interlaced && r->d->orientation != 1)
        extra += (size_t)width * (size_t)height * (size_t)(r->d->image->channels * r->d->image->depth / 8);
    r->started = fd_decoding_start(r->d, width, height, extra);
    return r->started && (!interlaced || make_whole(r));
}

static void configure(reader *r)
{
    png_set_read_fn(r->png, r, on_read);
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);   /* the limit on pixels is ours */
    png_set_chunk_malloc_max(r->png, MAX_CHUNK);
    /* Nothing ancillary bears on the pixels: skipping it saves its decompression, its bombs, and warnings about profiles. */
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
}

static void decode(reader *r)
{
    configure(r);
    png_read_info(r->png, r->info);
    if (r->d->config->as_stored)
        note_samples(r);
    if (!start(r))
        return;
    if (r->d->config->as_stored)
        set_transforms_as_stored(r);
    else
        set_transforms(r);
    int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != (size_t)r->d->canvas.width * (size_t)r->d->canvas.pixel)
        png_error(r->png, "rows are not as expected");
    if (r->whole) {
        read_interlaced(r, passes);
        turn_whole(r);
    } else {
        read_rows(r);
    }
    r->complete = true;
    png_read_end(r->png, NULL);
}

/* libpng gave up: what that means for the picture. */
static void judge(reader *r)
{
    bool truncated = r->at_end || !strcmp(r->reason, "Not enough image data");   /* IDAT ended early; libpng tells it by words only */
    if (r->complete) {
        fd_decoding_warn(r->d, r->reason);   /* all pixels are good, what follows them is not */
    } else if (truncated && r->started && r->d->config->accept_truncated) {
        if (r->whole)
            turn_whole(r);
        else
            blank_rest(r);
        r->d->image->flags |= FD_FLAG_TRUNCATED_ACCEPTED;
        snprintf(r->d->image->detail, sizeof r->d->image->detail, "the file ends before the picture does; what is there was kept");
    } else {
        fd_decoding_fail(r->d, truncated ? FD_IMAGE_TRUNCATED : FD_IMAGE_CORRUPT, "%s", r->reason);
    }
}

/* What setjmp's function changes lies in its caller, so that it is there after a longjmp. */
static void decode_guarded(reader *r)
{
    if (setjmp(r->out)) {
        judge(r);
        return;
    }
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (r->info)
        decode(r);
    else
        fd_decoding_fail(r->d, FD_IMAGE_OUT_OF_MEMORY, "no memory for libpng");
}

void fd_png_decode(fd_decoding *d)
{
    reader r = {.d = d};
    decode_guarded(&r);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    if (r.owns_whole)
        free(r.whole);
}

const char *fd_png_library(void)
{
    return "libpng " PNG_LIBPNG_VER_STRING;
}
