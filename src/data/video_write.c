/* From frames to a file: an encoder, sound and subtitles packet by packet, and a container that appears when it is whole. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/video_private.h"

enum { IO_BUFFER = 1 << 18 };

struct fd_video_writer {
    fd_video *source;
    fd_file_writer *file;
    fd_error *failed;             /* of a write inside libavformat */
    int64_t at, end;
    AVIOContext *io;
    AVFormatContext *format;
    fd_video_encoder pictures;
    int *copied;                  /* [streams of the source] stream here, or -1: sound and subtitles */
    char left_out[40];            /* codec of subtitles that the container cannot hold; "": none */
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *from_rgb;
};

/* --- the file ----------------------------------------------------------------------------------------------------------------------------- */

/* What lies before the end is written over, the rest added. */
static int write_bytes(void *self, uint8_t *bytes, int n)
{
    fd_video_writer *w = self;
    const int64_t over = w->end - w->at < n ? w->end - w->at : n;
    if (!w->failed && over > 0)
        w->failed = fd_file_writer_change(w->file, w->at, bytes, (size_t)over);
    if (!w->failed && n > over)
        w->failed = fd_file_writer_add(w->file, bytes + over, (size_t)(n - over));
    w->at += n;
    w->end = w->at > w->end ? w->at : w->end;
    return w->failed ? AVERROR(EIO) : n;
}

static int64_t seek(void *self, int64_t offset, int whence)
{
    fd_video_writer *w = self;
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return w->end;
    case SEEK_SET: break;
    case SEEK_CUR: offset += w->at; break;
    case SEEK_END: offset += w->end; break;
    default: return AVERROR(EINVAL);
    }
    if (offset < 0 || offset > w->end)
        return AVERROR(EINVAL);
    return w->at = offset;
}

/* The error of a call of FFmpeg's; that of the file under it, where there is one. */
static fd_error *error_of(fd_video_writer *w, const char *what, int error)
{
    char reason[64], name[FD_ESCAPED];
    fd_error *e = w->failed;
    w->failed = NULL;
    if (e)
        return e;
    return FD_FAIL(error == AVERROR(ENOMEM) ? FD_NOMEM : FD_IO, "%s: cannot %s: %s", fd_escape(name, sizeof name, w->source->path), what, fd_video_reason(reason, error));
}

/* --- streams ------------------------------------------------------------------------------------------------------------------------------ */

/* A stream that is copied as it is; its number here. */
static fd_error *copy_stream(fd_video_writer *w, const AVStream *from, int *number)
{
    fd_error *err = NULL;
    AVStream *to = avformat_new_stream(w->format, NULL);
    if (!to || avcodec_parameters_copy(to->codecpar, from->codecpar) < 0 || av_dict_copy(&to->metadata, from->metadata, 0) < 0)
        FD_THROW(FD_NOMEM, "no memory for a video");
    to->codecpar->codec_tag = 0;   /* the containers' tags differ */
    to->time_base = from->time_base;
    to->disposition = from->disposition;
    *number = to->index;
done:
    return err;
}

/* All sound, where it is wanted, or the video is refused; of the subtitles those that the container holds. Matroska knows more sound than its own list says. */
static fd_error *copy_streams(fd_video_writer *w, bool sound, fd_verdict *verdict)
{
    fd_error *err = NULL;
    const AVFormatContext *from = w->source->format;
    FD_TRY(fd_alloc(&w->copied, from->nb_streams, sizeof *w->copied));
    for (unsigned i = 0; i < from->nb_streams; i++) {
        const AVStream *s = from->streams[i];
        const bool subtitles = s->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE;
        const int strict = subtitles ? FF_COMPLIANCE_NORMAL : FF_COMPLIANCE_UNOFFICIAL;
        w->copied[i] = -1;
        if (!subtitles && (!sound || s->codecpar->codec_type != AVMEDIA_TYPE_AUDIO))
            continue;
        if (avformat_query_codec(w->format->oformat, s->codecpar->codec_id, strict) != 0)
            FD_TRY(copy_stream(w, s, &w->copied[i]));
        else if (subtitles)
            snprintf(w->left_out, sizeof w->left_out, "%s", avcodec_get_name(s->codecpar->codec_id));
        else
            *verdict = fd_video_unsupported("sound that the container cannot hold (--no-sound):", avcodec_get_name(s->codecpar->codec_id));
    }
done:
    return err;
}

/* Packets wait in memory for those of other streams that belong before them, but where sound ends early or subtitles are rare not for ever: as long as the
 * decoder and the encoder keep frames back, so that the order depends on the times alone. Microseconds. */
static int64_t most_ahead(const fd_video_writer *w, int threads)
{
    const AVRational rate = w->pictures.encoder->framerate;
    const double frames = 32 + 2 * threads, seconds = rate.num > 0 && rate.den > 0 ? 1 + frames / av_q2d(rate) : 10;
    return (int64_t)(1e6 * (seconds < 60 ? seconds : 60));
}

static fd_error *open_file(fd_video_writer *w, const char *path, int threads)
{
    fd_error *err = NULL;
    uint8_t *buffer = NULL;
    FD_TRY(fd_file_writer_open(path, &w->file));
    buffer = av_malloc(IO_BUFFER);
    w->io = buffer ? avio_alloc_context(buffer, IO_BUFFER, 1, w, NULL, write_bytes, seek) : NULL;
    if (!w->io) {
        av_free(buffer);
        FD_THROW(FD_NOMEM, "no memory for a video");
    }
    w->format->pb = w->io;
    w->format->flags |= AVFMT_FLAG_BITEXACT;
    w->format->max_interleave_delta = most_ahead(w, threads);
done:
    return err;
}

static fd_error *prepare_frame(fd_video_writer *w)
{
    fd_error *err = NULL;
    const AVCodecContext *e = w->pictures.encoder;
    w->frame = av_frame_alloc();
    w->packet = av_packet_alloc();
    w->from_rgb = sws_getContext(e->width, e->height, AV_PIX_FMT_RGB24, e->width, e->height, e->pix_fmt, fd_video_sws_flags, NULL, NULL, NULL);
    if (!w->frame || !w->packet || !w->from_rgb)
        FD_THROW(FD_NOMEM, "no memory for frames of a video");
    const int *to = sws_getCoefficients(fd_video_colours(AVCOL_SPC_UNSPECIFIED, e->width, e->height));
    sws_setColorspaceDetails(w->from_rgb, sws_getCoefficients(SWS_CS_DEFAULT), 1, to, e->color_range == AVCOL_RANGE_JPEG, 0, 1 << 16, 1 << 16);
    w->frame->format = e->pix_fmt;
    w->frame->width = e->width;
    w->frame->height = e->height;
    w->frame->colorspace = e->colorspace;
    w->frame->color_range = e->color_range;
    if (av_frame_get_buffer(w->frame, 0) < 0)
        FD_THROW(FD_NOMEM, "no memory for frames of a video");
done:
    return err;
}

/* What came before the first frame. */
static fd_error *add_held(fd_video_writer *w)
{
    fd_error *err = NULL;
    fd_video *v = w->source;
    for (size_t i = 0; i < v->holds; i++)
        FD_TRY(fd_video_copy(w, v->held[i]));
    v->writer = w;
done:
    return err;
}

fd_error *fd_video_create(const char *path, fd_video *source, const fd_video_output *o, fd_video_writer **out, fd_verdict *verdict)
{
    fd_error *err = NULL;
    fd_video_writer *w = NULL;
    *out = NULL;
    *verdict = (fd_verdict){FD_IMAGE_OK, ""};
    FD_TRY(fd_alloc(&w, 1, sizeof *w));
    w->source = source;
    if (avformat_alloc_output_context2(&w->format, av_guess_format(NULL, path, NULL), NULL, NULL) < 0)
        FD_THROW(FD_NOMEM, "no memory for a video");
    FD_TRY(fd_video_encoder_open(source, w->format, o, &w->pictures, verdict));
    if (verdict->status == FD_IMAGE_OK)
        FD_TRY(copy_streams(w, o->sound, verdict));
    if (verdict->status != FD_IMAGE_OK)
        goto done;
    FD_TRY(prepare_frame(w));
    FD_TRY(open_file(w, path, o->threads));
    const int error = avformat_write_header(w->format, NULL);
    if (error < 0 && w->failed)
        FD_TRY(error_of(w, "write", error));
    if (error < 0) {
        char reason[64];
        *verdict = fd_video_unsupported("its streams do not go into the container:", fd_video_reason(reason, error));
        goto done;
    }
    FD_TRY(add_held(w));
    *out = w;
    w = NULL;
done:
    fd_video_writer_close(w);
    return err;
}

/* --- packets ------------------------------------------------------------------------------------------------------------------------------ */

static fd_error *put(fd_video_writer *w, AVPacket *packet)
{
    const int error = av_interleaved_write_frame(w->format, packet);   /* takes the packet */
    return error < 0 ? error_of(w, "write a packet", error) : NULL;
}

fd_error *fd_video_copy(fd_video_writer *w, AVPacket *packet)
{
    const int to = w->copied[packet->stream_index];
    if (to < 0) {
        av_packet_unref(packet);
        return NULL;
    }
    av_packet_rescale_ts(packet, w->source->format->streams[packet->stream_index]->time_base, w->format->streams[to]->time_base);
    packet->stream_index = to;
    packet->pos = -1;
    return put(w, packet);
}

/* Encodes a frame; NULL: what the encoder still holds. */
static fd_error *encode(fd_video_writer *w, const AVFrame *frame)
{
    fd_error *err = NULL;
    int error = avcodec_send_frame(w->pictures.encoder, frame);
    while (error >= 0) {
        error = avcodec_receive_packet(w->pictures.encoder, w->packet);
        if (error < 0)
            break;
        if (frame && w->packet->pts == frame->pts)
            w->packet->duration = fd_video_duration(frame);
        w->packet->stream_index = w->pictures.stream->index;
        av_packet_rescale_ts(w->packet, w->pictures.encoder->time_base, w->pictures.stream->time_base);
        FD_TRY(put(w, w->packet));
    }
    if (error != AVERROR(EAGAIN) && error != AVERROR_EOF)
        err = error_of(w, "encode a frame", error);
done:
    return err;
}

fd_error *fd_video_add(fd_video_writer *w, const fd_video_frame *frame)
{
    fd_error *err = NULL;
    AVFrame *f = w->frame;
    const uint8_t *from[4] = {frame->image.rgb};
    const int pitch[4] = {3 * frame->image.width};
    if (av_frame_make_writable(f) < 0 || sws_scale(w->from_rgb, from, pitch, 0, f->height, f->data, f->linesize) != f->height)
        FD_THROW(FD_NOMEM, "no memory for a frame");
    f->pts = frame->time;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 2, 100)
    f->duration = frame->duration;
#else
    f->pkt_duration = frame->duration;
#endif
    FD_TRY(encode(w, f));
done:
    return err;
}

const char *fd_video_left_out(const fd_video_writer *w)
{
    return w->left_out;
}

fd_error *fd_video_commit(fd_video_writer *w)
{
    fd_error *err = NULL;
    FD_TRY(encode(w, NULL));
    const int error = av_write_trailer(w->format);
    avio_flush(w->io);
    if (error < 0 || w->failed)
        FD_TRY(error_of(w, "write the end", error));
    FD_TRY(fd_file_writer_commit(w->file));
done:
    return err;
}

void fd_video_writer_close(fd_video_writer *w)
{
    if (!w)
        return;
    w->source->writer = NULL;
    avcodec_free_context(&w->pictures.encoder);
    av_frame_free(&w->frame);
    av_packet_free(&w->packet);
    sws_freeContext(w->from_rgb);
    avformat_free_context(w->format);
    if (w->io)
        av_freep(&w->io->buffer);
    avio_context_free(&w->io);
    fd_file_writer_close(w->file);
    fd_error_free(w->failed);
    free(w->copied);
    free(w);
}
