#include <png.h>

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/decode.h"

typedef struct writer {
    png_struct *png;
    png_info *info;
    jmp_buf out;
    uint8_t *bytes;
    size_t n, capacity;
    fd_error *err;
} writer;

static void on_error(png_struct *png, const char *text)
{
    writer *w = png_get_error_ptr(png);
    if (!w->err)
        w->err = FD_FAIL(FD_FORMAT, "libpng: %s", text);
    longjmp(w->out, 1);
}

static void on_write(png_struct *png, png_byte *from, size_t n)
{
    writer *w = png_get_io_ptr(png);
    w->err = fd_grow(&w->bytes, &w->capacity, w->n + n, 1);
    if (w->err)
        png_error(png, "no memory");
    memcpy(w->bytes + w->n, from, n);
    w->n += n;
}

static void on_flush(png_struct *png)
{
    (void)png;   /* memory has nothing to flush */
}

static void encode(writer *w, const fd_image *image, int level)
{
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    const size_t pitch = (size_t)image->width * (size_t)(image->channels * image->depth / 8);
    const uint16_t one = 1;
    png_set_write_fn(w->png, w, on_write, on_flush);
    png_set_user_limits(w->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(w->png, level);
    png_set_IHDR(w->png, w->info, (png_uint_32)image->width, (png_uint_32)image->height, image->depth, types[image->channels - 1], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(w->png, w->info);
    if (image->depth == 16 && *(const uint8_t *)&one)
        png_set_swap(w->png);   /* the file has the high byte first */
    for (int32_t y = 0; y < image->height; y++)
        png_write_row(w->png, image->rgb + (size_t)y * pitch);
    png_write_end(w->png, w->info);
}

/* What setjmp's function changes lies in its caller, so that it is there after a longjmp. */
static void encode_guarded(writer *w, const fd_image *image, int level)
{
    if (setjmp(w->out))
        return;
    w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_error, NULL);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    if (w->info)
        encode(w, image, level);
    else
        w->err = FD_FAIL(FD_NOMEM, "out of memory in libpng");
}

fd_error *fd_png_write_image(const char *path, const fd_image *image, int level)
{
    writer w = {0};
    encode_guarded(&w, image, level);
    png_destroy_write_struct(&w.png, &w.info);
    fd_error *err = w.err ? w.err : fd_file_replace(path, w.bytes, w.n);
    free(w.bytes);
    return err;
}

fd_error *fd_png_write(const char *path, const uint8_t *rgb, int32_t width, int32_t height)
{
    const fd_image image = {.rgb = (uint8_t *)(uintptr_t)rgb /* only read */, .width = width, .height = height, .channels = 3, .depth = 8};
    return fd_png_write_image(path, &image, -1);
}
