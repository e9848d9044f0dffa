/* The file under a video: read by this program itself, so that no other file and no address can be opened. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "data/container.h"
#include "data/entry.h"
#include "data/video_private.h"

enum { IO_BUFFER = 1 << 18, HEAD = 4096 };

/* Demuxers of videos. All others are refused: pictures, sound, subtitles, and such as read other files. */
static const char videos[] = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,avs2,mpeg,mpegts,mpegvideo,m4v,h264,hevc,obu,vc1,flv,live_flv,asf,ogg,nut,yuv4mpegpipe,gif,mxf,"
                             "ivf,dv,rm,wtv,amv,bink,smk,dirac,cavsvideo,h261,h263,mjpeg,swf,roq,film_cpk,nsv,viv,gxf";
static const char playlists[] = "hls,applehttp,concat,dash,rtsp,sdp,imf,webm_dash_manifest";

static bool is_among(const char *names, const char *list)
{
    return av_match_list(names, list, ',') != 0;
}

char *fd_video_reason(char out[64], int error)
{
    if (av_strerror(error, out, 64) != 0)
        snprintf(out, 64, "error %d", error);
    return out;
}

/* --- reading ------------------------------------------------------------------------------------------------------------------------------ */

static int read_bytes(void *self, uint8_t *bytes, int n)
{
    fd_video *v = self;
    ssize_t got;
    do
        got = pread(v->fd, bytes, (size_t)n, v->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        v->failed = errno;
    v->at += got > 0 ? got : 0;
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(v->failed);
}

static int64_t seek(void *self, int64_t offset, int whence)
{
    fd_video *v = self;
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return v->bytes;
    case SEEK_SET: break;
    case SEEK_CUR: offset += v->at; break;
    case SEEK_END: offset += v->bytes; break;
    default: return AVERROR(EINVAL);
    }
    if (offset < 0)
        return AVERROR(EINVAL);
    return v->at = offset;
}

static bool read_part(void *self, int64_t offset, void *bytes, size_t n)
{
    const fd_video *v = self;
    return pread(v->fd, bytes, n, offset) == (ssize_t)n;
}

/* A demuxer wants another file. */
static int refuse(AVFormatContext *format, AVIOContext **io, const char *url, int flags, AVDictionary **options)
{
    (void)format, (void)url, (void)flags, (void)options;
    *io = NULL;
    return AVERROR(EPERM);
}

/* --- what it is --------------------------------------------------------------------------------------------------------------------------- */

static fd_verdict not_a_video(const char *taken_for)
{
    fd_verdict v = {FD_IMAGE_UNSUPPORTED, ""};
    if (!taken_for)
        snprintf(v.detail, sizeof v.detail, "not a video");
    else if (is_among(taken_for, playlists))
        snprintf(v.detail, sizeof v.detail, "a playlist (%.20s): give the video files themselves", taken_for);
    else
        snprintf(v.detail, sizeof v.detail, "not a video (%.40s)", taken_for);
    return v;
}

static fd_verdict look_from_outside(fd_video *v)
{
    uint8_t head[HEAD];
    const ssize_t n = pread(v->fd, head, sizeof head, 0);
    const fd_bytes_source source = {read_part, v, v->bytes};
    if (v->bytes == 0)
        return (fd_verdict){FD_IMAGE_EMPTY, ""};
    if (n > 0 && fd_container_is_playlist(head, (size_t)n))
        return (fd_verdict){FD_IMAGE_UNSUPPORTED, "a playlist: give the video files themselves"};
    const fd_wholeness is = fd_container_check(&source);
    v->cut_short = is == FD_CONTAINER_CUT_SHORT;
    v->silent = is == FD_CONTAINER_SILENT;
    if (is == FD_CONTAINER_NO_INDEX)
        return (fd_verdict){FD_IMAGE_TRUNCATED, "cut short: its index, the moov box, is not there"};
    if (v->cut_short && !v->config.accept_truncated)
        return (fd_verdict){FD_IMAGE_TRUNCATED, "cut short: the file ends before its container does"};
    return (fd_verdict){FD_IMAGE_OK, ""};
}

static fd_verdict refused_by(const fd_video *v, int error)
{
    char reason[64];
    fd_verdict out = {v->cut_short ? FD_IMAGE_TRUNCATED : FD_IMAGE_CORRUPT, ""};
    if (v->failed)
        return fd_verdict_of_errno(v->failed);
    snprintf(out.detail, sizeof out.detail, "%s", fd_video_reason(reason, error));
    return out;
}

static fd_error *demux(fd_video *v, fd_verdict *verdict)
{
    fd_error *err = NULL;
    AVInputFormat const *kind = NULL;
    uint8_t *buffer = av_malloc(IO_BUFFER);
    if (buffer)
        v->io = avio_alloc_context(buffer, IO_BUFFER, 0, v, read_bytes, NULL, seek);
    if (!v->io) {
        av_free(buffer);
        FD_THROW(FD_NOMEM, "no memory for a video");
    }
    const int probed = av_probe_input_buffer2(v->io, &kind, "", NULL, 0, 0);
    if (probed < 0 || !is_among(kind->name, videos)) {
        *verdict = v->failed ? refused_by(v, probed) : not_a_video(probed < 0 ? NULL : kind->name);
        goto done;
    }
    v->format = avformat_alloc_context();
    if (!v->format)
        FD_THROW(FD_NOMEM, "no memory for a video");
    v->format->pb = v->io;
    v->format->io_open = refuse;
    int error = avformat_open_input(&v->format, NULL, kind, NULL);
    if (error >= 0)
        error = avformat_find_stream_info(v->format, NULL);
    if (error < 0)
        *verdict = refused_by(v, error);
done:
    return err;
}

fd_error *fd_video_input_open(fd_video *v, fd_verdict *verdict)
{
    av_log_set_level(AV_LOG_QUIET);   /* what is wrong is told by verdicts */
    v->fd = fd_open_entry(v->path, &v->bytes, verdict);
    if (v->fd >= 0)
        *verdict = look_from_outside(v);
    return verdict->status == FD_IMAGE_OK ? demux(v, verdict) : NULL;
}

void fd_video_input_close(fd_video *v)
{
    avformat_close_input(&v->format);
    if (v->io)
        av_freep(&v->io->buffer);
    avio_context_free(&v->io);
    if (v->fd >= 0)
        close(v->fd);
}
