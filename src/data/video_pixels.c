/* Frames as upright RGB8. */
#include <string.h>

#include "base/memory.h"
#include "data/video_private.h"

/* Every sample of colour computed for itself, the same bits with and without vector instructions. */
const int fd_video_sws_flags = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;

/* The matrix maps (x, y) of the stored frame to (a x + c y, b x + d y) of what is shown: [a b u; c d v; x y w] in 16.16. */
int fd_video_orientation(const int32_t *m)
{
    static const struct { int8_t a, b, c, d, orientation; } turns[] = {{1, 0, 0, 1, 1},  {-1, 0, 0, 1, 2}, {-1, 0, 0, -1, 3},  {1, 0, 0, -1, 4},
                                                                       {0, 1, 1, 0, 5},  {0, 1, -1, 0, 6}, {0, -1, -1, 0, 7}, {0, -1, 1, 0, 8}};
    const int32_t entry[4] = {m[0], m[1], m[3], m[4]};
    int8_t sign[4];
    for (int i = 0; i < 4; i++)
        sign[i] = (int8_t)(entry[i] > 1 << 13 ? 1 : entry[i] < -(1 << 13) ? -1 : 0);   /* an eighth: scales are no turns */
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        if (sign[0] == turns[i].a && sign[1] == turns[i].b && sign[2] == turns[i].c && sign[3] == turns[i].d)
            return turns[i].orientation;
    return 0;
}

/* Streams that do not say are of ITU-R BT.709 where they are larger than standard definition, else of BT.601. */
int fd_video_colours(enum AVColorSpace space, int width, int height)
{
    if (space == AVCOL_SPC_UNSPECIFIED || space == AVCOL_SPC_RGB)
        space = width >= 1280 || height > 576 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    return (int)space;
}

static bool whole_range(const AVFrame *f)
{
    switch (f->format) {
    case AV_PIX_FMT_YUVJ411P:
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ444P: return true;
    default: return f->color_range == AVCOL_RANGE_JPEG;
    }
}

static fd_error *convert(fd_video *v)
{
    fd_error *err = NULL;
    const AVFrame *f = v->frame;
    v->to_rgb = sws_getCachedContext(v->to_rgb, f->width, f->height, (enum AVPixelFormat)f->format, f->width, f->height, AV_PIX_FMT_RGB24, fd_video_sws_flags, NULL,
                                     NULL, NULL);
    if (!v->to_rgb)
        FD_THROW(FD_NOMEM, "cannot turn frames of the kind %s to RGB", av_get_pix_fmt_name((enum AVPixelFormat)f->format));
    const int *from = sws_getCoefficients(fd_video_colours(f->colorspace, f->width, f->height));
    sws_setColorspaceDetails(v->to_rgb, from, whole_range(f), sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    uint8_t *to[4] = {v->rgb};
    const int pitch[4] = {3 * f->width};
    if (sws_scale(v->to_rgb, (const uint8_t *const *)f->data, f->linesize, 0, f->height, to, pitch) != f->height)
        FD_THROW(FD_NOMEM, "cannot turn a frame to RGB");
done:
    return err;
}

static void turn(fd_video *v)
{
    const size_t row = (size_t)v->stored_width * 3;
    for (int32_t y = 0, rows = 0; y < v->stored_height; y += rows) {
        uint8_t *to = fd_canvas_rows(&v->turned, y, &rows);
        for (int32_t i = 0; i < rows; i++)
            memcpy(to + (size_t)i * v->turned.pitch, v->rgb + (size_t)(y + i) * row, row);
        fd_canvas_put(&v->turned, y, rows);
    }
}

fd_error *fd_video_to_rgb(fd_video *v, fd_image *out)
{
    fd_error *err = NULL;
    const bool upright = v->facts.orientation == 1;
    if (!v->rgb)   /* swscale writes whole vectors: some bytes behind the last row */
        FD_TRY(fd_alloc_aligned(&v->rgb, (size_t)v->stored_width * (size_t)v->stored_height * 3 + FD_ALIGN, 1));
    if (!upright && !v->turned.rgb)
        FD_TRY(fd_canvas_open(&v->turned, NULL, v->stored_width, v->stored_height, 3, v->facts.orientation));
    FD_TRY(convert(v));
    if (!upright)
        turn(v);
    *out = (fd_image){.rgb = upright ? v->rgb : v->turned.rgb, .channels = 3, .depth = 8, .width = v->facts.width, .height = v->facts.height};
done:
    return err;
}
