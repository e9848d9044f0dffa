/* The encoder of frames: which there are, what they hold, and how one is set up for a video. */
#include <stdio.h>

#include "base/text.h"
#include "data/video_private.h"

enum { LEAST_CUT = 16 };   /* pixels: parts of one row or column come out wrong (libavcodec 59) */

fd_verdict fd_video_unsupported(const char *what, const char *detail)
{
    fd_verdict v = {FD_IMAGE_UNSUPPORTED, ""};
    snprintf(v.detail, sizeof v.detail, "%.50s %.28s", what, detail);
    return v;
}

fd_error *fd_video_check_output(const char *name, const fd_video_output *o)
{
    char shown[FD_ESCAPED];
    const AVCodec *codec = avcodec_find_encoder_by_name(o->codec);
    const AVOutputFormat *format = av_guess_format(NULL, name, NULL);
    AVDictionary *options = NULL;
    const int parsed = o->options ? av_dict_parse_string(&options, o->options, "=", ":", 0) : 0;
    av_dict_free(&options);
    if (!codec || codec->type != AVMEDIA_TYPE_VIDEO)
        return FD_FAIL(FD_USAGE, "there is no encoder of video called %s: try ffv1, libx264 or mpeg4", fd_escape(shown, sizeof shown, o->codec));
    if (!format || format->flags & (AVFMT_NOFILE | AVFMT_NEEDNUMBER) || format->video_codec == AV_CODEC_ID_NONE)
        return FD_FAIL(FD_USAGE, "%s does not end as a video does: .mkv, .mp4, .mov, .avi, .nut", fd_escape(shown, sizeof shown, name));
    if (avformat_query_codec(format, codec->id, FF_COMPLIANCE_NORMAL) == 0)
        return FD_FAIL(FD_USAGE, "%s cannot hold %s: name an output that ends in .mkv, or another --codec", format->long_name, o->codec);
    return parsed < 0 ? FD_FAIL(FD_USAGE, "--codec-options are written name=value:name=value") : NULL;
}

/* Eight bits of red, green and blue without loss where the codec has them; what all players show, 4:2:0, of the others; else what is nearest. */
static enum AVPixelFormat choose_pixels(const AVCodec *codec)
{
    static const enum AVPixelFormat wanted[] = {AV_PIX_FMT_RGB24, AV_PIX_FMT_BGR24, AV_PIX_FMT_GBRP, AV_PIX_FMT_0RGB32, AV_PIX_FMT_RGB0, AV_PIX_FMT_YUV420P,
                                                AV_PIX_FMT_YUVJ420P};
    for (size_t i = 0; codec->pix_fmts && i < sizeof wanted / sizeof *wanted; i++)
        for (const enum AVPixelFormat *p = codec->pix_fmts; *p != AV_PIX_FMT_NONE; p++)
            if (*p == wanted[i])
                return wanted[i];
    return codec->pix_fmts ? avcodec_find_best_pix_fmt_of_list(codec->pix_fmts, AV_PIX_FMT_RGB24, 0, NULL) : AV_PIX_FMT_RGB24;
}

static void describe_frames(AVCodecContext *e, const fd_video *v, const AVOutputFormat *container, const fd_video_output *o)
{
    const AVStream *from = v->stream;
    const fd_video_facts *facts = &v->facts;
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(e->pix_fmt);
    const AVRational aspect = v->frame->sample_aspect_ratio;
    e->width = facts->width;
    e->height = facts->height;
    e->sample_aspect_ratio = facts->orientation >= 5 ? (AVRational){aspect.den, aspect.num ? aspect.num : 1} : aspect;
    if (aspect.num == 0)
        e->sample_aspect_ratio = (AVRational){0, 1};
    e->time_base = from->time_base;
    e->framerate = from->avg_frame_rate;
    e->flags |= AV_CODEC_FLAG_BITEXACT;
    e->thread_count = e->codec_id == AV_CODEC_ID_FFV1 ? o->threads : 1;
    if (pixels->flags & AV_PIX_FMT_FLAG_RGB) {
        e->colorspace = AVCOL_SPC_RGB;
    } else {
        e->colorspace = (enum AVColorSpace)fd_video_colours(AVCOL_SPC_UNSPECIFIED, e->width, e->height);
        e->color_range = e->pix_fmt == AV_PIX_FMT_YUVJ420P ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    }
    if (container->flags & AVFMT_GLOBALHEADER)
        e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
}

fd_error *fd_video_encoder_open(const fd_video *v, AVFormatContext *format, const fd_video_output *o, fd_video_encoder *out, fd_verdict *verdict)
{
    fd_error *err = NULL;
    char reason[64];
    AVDictionary *options = NULL;
    const AVCodec *codec = avcodec_find_encoder_by_name(o->codec);
    AVCodecContext *e = out->encoder = avcodec_alloc_context3(codec);
    AVStream *stream = out->stream = avformat_new_stream(format, NULL);
    if (!e || !stream)
        FD_THROW(FD_NOMEM, "no memory for an encoder");
    e->pix_fmt = choose_pixels(codec);
    describe_frames(e, v, format->oformat, o);
    if (codec->id == AV_CODEC_ID_FFV1 && e->width >= LEAST_CUT && e->height >= LEAST_CUT) {
        av_dict_set(&options, "level", "3", 0);   /* parts of a frame that threads share, and that a damaged byte does not leave; their number is in the bytes */
        av_dict_set(&options, "slices", "4", 0);
    }
    if (o->options && av_dict_parse_string(&options, o->options, "=", ":", 0) < 0)
        FD_THROW(FD_USAGE, "--codec-options are written name=value:name=value");
    const int error = avcodec_open2(e, codec, &options);
    const AVDictionaryEntry *left = av_dict_get(options, "", NULL, AV_DICT_IGNORE_SUFFIX);
    if (error >= 0 && left)
        FD_THROW(FD_USAGE, "encoder %s has no option %s", o->codec, left->key);
    if (error < 0)
        *verdict = fd_video_unsupported("its frames do not go into the encoder:", fd_video_reason(reason, error));
    else if (avcodec_parameters_from_context(stream->codecpar, e) < 0)
        FD_THROW(FD_NOMEM, "no memory for an encoder");
    stream->time_base = e->time_base;
    stream->avg_frame_rate = e->framerate;
    stream->sample_aspect_ratio = e->sample_aspect_ratio;
done:
    av_dict_free(&options);
    return err;
}
