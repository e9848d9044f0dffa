/* From a file's packets to its frames. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/canvas.h"
#include "data/entry.h"
#include "data/video_private.h"

const char fd_video_may_be_cut[] = "such a file does not say where it ends: it may be cut short";
static const int64_t MOST_HELD = (int64_t)64 << 20;   /* bytes of sound and subtitles that come before the first frame */

int64_t fd_video_duration(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 2, 100)
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

void fd_video_libraries(char *out, size_t size)
{
    const unsigned f = avformat_version(), c = avcodec_version();
    snprintf(out, size, "libavformat %u.%u.%u, libavcodec %u.%u.%u", f >> 16, f >> 8 & 255, f & 255, c >> 16, c >> 8 & 255, c & 255);
}

/* --- packets ------------------------------------------------------------------------------------------------------------------------------ */

static fd_error *hold(fd_video *v)
{
    fd_error *err = NULL;
    v->held_bytes += v->packet->size;
    if (v->held_bytes > MOST_HELD)
        FD_THROW(FD_UNSUPPORTED, "more than %" PRId64 " bytes of sound before the first frame", MOST_HELD);
    FD_TRY(fd_grow(&v->held, &v->held_capacity, v->holds + 1, sizeof *v->held));
    v->held[v->holds] = av_packet_alloc();
    if (!v->held[v->holds])
        FD_THROW(FD_NOMEM, "no memory for sound");
    av_packet_move_ref(v->held[v->holds++], v->packet);
done:
    return err;
}

static bool is_copied(const AVStream *s)
{
    return s->codecpar->codec_type == AVMEDIA_TYPE_AUDIO || s->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE;
}

static fd_error *take_other(fd_video *v)
{
    if (is_copied(v->format->streams[v->packet->stream_index])) {
        if (v->writer)
            return fd_video_copy(v->writer, v->packet);
        if (!v->primed && v->number == 0)
            return hold(v);
    }
    av_packet_unref(v->packet);
    return NULL;
}

/* Reads on until the decoder has got a packet more, or was told that there are none. *error: what the decoder says. */
static fd_error *feed(fd_video *v, int *error)
{
    fd_error *err = NULL;
    for (bool on = true; on;) {
        const int got = v->damaged ? AVERROR_EOF : av_read_frame(v->format, v->packet);
        if (got < 0 || v->packet->flags & AV_PKT_FLAG_CORRUPT) {   /* a packet that is not whole is none */
            v->damaged |= got != AVERROR_EOF;
            av_packet_unref(v->packet);
            v->fed = true;
            *error = avcodec_send_packet(v->decoder, NULL);
            on = false;
        } else if (v->packet->stream_index == v->stream->index) {
            *error = avcodec_send_packet(v->decoder, v->packet);
            av_packet_unref(v->packet);
            on = false;
        } else {
            FD_TRY(take_other(v));
        }
    }
done:
    return err;
}

/* Into v->frame; *error 0, AVERROR_EOF, or what is wrong. Until the first frame is there, packets that the decoder refuses are passed over: streams that were
 * switched on in the middle begin with pictures that lack those they lean on. */
static fd_error *decode(fd_video *v, bool first, int *error)
{
    fd_error *err = NULL;
    for (;;) {
        int refused = 0;
        *error = avcodec_receive_frame(v->decoder, v->frame);
        const bool more = *error == AVERROR(EAGAIN) && !v->fed, passed_over = first && *error < 0 && *error != AVERROR_EOF && !v->fed;
        if (!more && !passed_over)
            break;
        if (more)
            FD_TRY(feed(v, &refused));
        if (refused < 0 && !first) {
            *error = refused;
            break;
        }
    }
done:
    return err;
}

/* --- frames ------------------------------------------------------------------------------------------------------------------------------- */

/* All of the file was read: what is wrong now is likely to be that there is no more. */
static bool at_end(const fd_video *v)
{
    return avio_tell(v->io) >= v->bytes;
}

/* Why there are no more frames. */
static fd_verdict ending(const fd_video *v, int error)
{
    fd_verdict out = {FD_IMAGE_OK, ""};
    const long long n = (long long)v->number;
    char reason[64];
    if (v->failed)
        return fd_verdict_of_errno(v->failed);
    if (error == AVERROR_EOF && !v->cut_short && !v->damaged) {
        if (v->silent)
            snprintf(out.detail, sizeof out.detail, "%s", fd_video_may_be_cut);
        return out;
    }
    out.status = v->cut_short || (v->damaged && at_end(v)) ? FD_IMAGE_TRUNCATED : FD_IMAGE_CORRUPT;
    if (out.status == FD_IMAGE_TRUNCATED)
        snprintf(out.detail, sizeof out.detail, "cut short: %lld whole frames", n);
    else
        snprintf(out.detail, sizeof out.detail, "damaged at frame %lld: %.40s", n, error == AVERROR_EOF ? "the file cannot be read on" : fd_video_reason(reason, error));
    return out;
}

static double seconds_of(const fd_video *v, int64_t time)
{
    return (double)time * av_q2d(v->stream->time_base);
}

/* A frame of another size than the first, or one that its decoder mended. */
static fd_verdict judge(const fd_video *v, int64_t time)
{
    fd_verdict out = {FD_IMAGE_OK, ""};
    const AVFrame *f = v->frame;
    const long long n = (long long)v->number;
    if (f->width != v->stored_width || f->height != v->stored_height) {
        out.status = FD_IMAGE_UNSUPPORTED;
        snprintf(out.detail, sizeof out.detail, "frame %lld (at %.3f s) is %dx%d, those before %dx%d", n, seconds_of(v, time), f->width, f->height, v->stored_width,
                 v->stored_height);
    } else if (f->decode_error_flags || f->flags & AV_FRAME_FLAG_CORRUPT) {
        out.status = v->cut_short || (v->silent && at_end(v)) ? FD_IMAGE_TRUNCATED : FD_IMAGE_CORRUPT;
        if (out.status == FD_IMAGE_TRUNCATED)
            snprintf(out.detail, sizeof out.detail, "cut short: %lld whole frames", n);
        else
            snprintf(out.detail, sizeof out.detail, "frame %lld (at %.3f s) is damaged", n, seconds_of(v, time));
    }
    return out;
}

/* Times grow: one that is missing, or does not, is the one before and its duration, or the next moment. */
static int64_t time_of(const fd_video *v)
{
    const int64_t told = v->frame->best_effort_timestamp, duration = fd_video_duration(v->frame);
    if (v->number == 0)
        return told == AV_NOPTS_VALUE ? 0 : told;
    return told != AV_NOPTS_VALUE && told > v->last ? told : v->last + (told == AV_NOPTS_VALUE && duration > 0 ? duration : 1);
}

fd_error *fd_video_next(fd_video *v, fd_video_frame *out, bool *got, fd_verdict *verdict)
{
    fd_error *err = NULL;
    int error = 0;
    *got = false;
    *verdict = (fd_verdict){FD_IMAGE_OK, ""};
    if (!v->primed)
        FD_TRY(decode(v, false, &error));
    v->primed = false;
    if (error < 0) {
        *verdict = ending(v, error);
        goto done;
    }
    const int64_t time = time_of(v);
    *verdict = judge(v, time);
    if (verdict->status != FD_IMAGE_OK)
        goto done;
    FD_TRY(fd_video_to_rgb(v, &out->image));
    out->number = v->number++;
    out->time = v->last = time;
    out->duration = fd_video_duration(v->frame) > 0 ? fd_video_duration(v->frame) : 0;
    out->seconds = seconds_of(v, time);
    *got = true;
done:
    return err;
}

/* --- opening ------------------------------------------------------------------------------------------------------------------------------ */

static const int32_t *matrix_of(const fd_video *v)
{
    const AVFrameSideData *own = av_frame_get_side_data(v->frame, AV_FRAME_DATA_DISPLAYMATRIX);
    if (own && own->size >= 9 * sizeof(int32_t))
        return (const int32_t *)(const void *)own->data;
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVCodecParameters *p = v->stream->codecpar;
    const AVPacketSideData *side = av_packet_side_data_get(p->coded_side_data, p->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return side && side->size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)side->data : NULL;
#else
    size_t size = 0;
    const uint8_t *side = av_stream_get_side_data(v->stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return side && size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)side : NULL;
#endif
}

static fd_error *open_decoder(fd_video *v, fd_verdict *verdict)
{
    fd_error *err = NULL;
    const AVCodec *codec = NULL;
    const int index = av_find_best_stream(v->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (index < 0 || v->format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) {
        *verdict = (fd_verdict){FD_IMAGE_UNSUPPORTED, "it has no video stream"};
        goto done;
    }
    v->stream = v->format->streams[index];
    for (unsigned i = 0; i < v->format->nb_streams; i++)
        if ((int)i != index && !is_copied(v->format->streams[i]))
            v->format->streams[i]->discard = AVDISCARD_ALL;
    v->decoder = avcodec_alloc_context3(codec);
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    if (!v->decoder || !v->packet || !v->frame || avcodec_parameters_to_context(v->decoder, v->stream->codecpar) < 0)
        FD_THROW(FD_NOMEM, "no memory for a video");
    v->decoder->pkt_timebase = v->stream->time_base;
    v->decoder->thread_count = v->config.threads;
    v->decoder->max_pixels = v->config.max_pixels;
    const int64_t pixels = (int64_t)v->decoder->width * v->decoder->height;
    if (pixels > v->config.max_pixels) {
        *verdict = (fd_verdict){FD_IMAGE_TOO_LARGE, ""};
        snprintf(verdict->detail, sizeof verdict->detail, "%dx%d pixels a frame (--max-pixels)", v->decoder->width, v->decoder->height);
    } else if (avcodec_open2(v->decoder, codec, NULL) < 0) {
        *verdict = (fd_verdict){FD_IMAGE_UNSUPPORTED, ""};
        snprintf(verdict->detail, sizeof verdict->detail, "its codec cannot be decoded (%.40s)", avcodec_get_name(v->stream->codecpar->codec_id));
    }
done:
    return err;
}

static void note_facts(fd_video *v)
{
    fd_video_facts *f = &v->facts;
    const double length = v->format->duration > 0 ? (double)v->format->duration / AV_TIME_BASE : 0;
    const AVRational rate = v->stream->avg_frame_rate;
    f->frames = v->stream->nb_frames > 0 ? v->stream->nb_frames : rate.den ? (int64_t)(length * av_q2d(rate) + 0.5) : 0;
    for (unsigned i = 0; i < v->format->nb_streams; i++)
        f->audio += v->format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    snprintf(f->container, sizeof f->container, "%.*s", (int)strcspn(v->format->iformat->name, ","), v->format->iformat->name);
    snprintf(f->codec, sizeof f->codec, "%s", avcodec_get_name(v->stream->codecpar->codec_id));
}

/* Size and rotation are known for sure once a frame is there. */
static fd_error *find_first(fd_video *v, fd_verdict *verdict)
{
    fd_error *err = NULL;
    int error;
    err = decode(v, true, &error);
    if (err && fd_error_code(err) == FD_UNSUPPORTED) {
        *verdict = (fd_verdict){FD_IMAGE_UNSUPPORTED, ""};
        snprintf(verdict->detail, sizeof verdict->detail, "%s", fd_error_message(err));
        fd_error_free(err);
        return NULL;
    }
    if (err)
        goto done;
    if (error < 0) {
        *verdict = ending(v, error);
        if (verdict->status == FD_IMAGE_OK)
            *verdict = (fd_verdict){FD_IMAGE_UNSUPPORTED, "it has no frames"};
        goto done;
    }
    const int32_t *matrix = v->config.ignore_rotation ? NULL : matrix_of(v);
    v->facts.orientation = matrix ? fd_video_orientation(matrix) : 1;
    v->stored_width = v->frame->width;
    v->stored_height = v->frame->height;
    v->primed = true;
    if (v->facts.orientation == 0)
        *verdict = (fd_verdict){FD_IMAGE_UNSUPPORTED, "turned by no quarter of a circle: --rotation ignore takes it as it is"};
    else
        fd_upright_size(v->facts.orientation, v->stored_width, v->stored_height, &v->facts.width, &v->facts.height);
done:
    return err;
}

fd_error *fd_video_open(const char *path, const fd_video_config *config, fd_video **out, fd_verdict *verdict)
{
    fd_error *err = NULL;
    fd_video *v = NULL;
    *verdict = (fd_verdict){FD_IMAGE_OK, ""};
    *out = NULL;
    FD_TRY(fd_alloc(&v, 1, sizeof *v));
    v->config = *config;
    v->fd = -1;
    FD_TRY(fd_strdup(&v->path, path));
    FD_TRY(fd_video_input_open(v, verdict));
    if (verdict->status == FD_IMAGE_OK)
        FD_TRY(open_decoder(v, verdict));
    if (verdict->status == FD_IMAGE_OK)
        FD_TRY(find_first(v, verdict));
    if (verdict->status == FD_IMAGE_OK) {
        note_facts(v);
        *out = v;
        v = NULL;
    }
done:
    fd_video_close(v);
    return err;
}

const fd_video_facts *fd_video_about(const fd_video *v)
{
    return &v->facts;
}

void fd_video_close(fd_video *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->holds; i++)
        av_packet_free(&v->held[i]);
    free(v->held);
    av_packet_free(&v->packet);
    av_frame_free(&v->frame);
    avcodec_free_context(&v->decoder);
    sws_freeContext(v->to_rgb);
    fd_video_input_close(v);
    free(v->rgb);
    fd_canvas_free(&v->turned);
    free(v->path);
    free(v);
}
