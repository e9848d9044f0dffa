/* What the files video_*.c share. */
#ifndef FD_DATA_VIDEO_PRIVATE_H
#define FD_DATA_VIDEO_PRIVATE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "data/canvas.h"
#include "data/video.h"

struct fd_video {
    fd_video_config config;
    fd_video_facts facts;
    char *path;
    int fd;
    int64_t bytes, at;            /* of the file; where the next read begins */
    int failed;                   /* errno of a read that failed */
    bool cut_short, silent;       /* as its container says; it does not say where it ends */
    AVIOContext *io;
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVStream *stream;             /* of the pictures */
    AVPacket *packet;
    AVFrame *frame;
    int32_t stored_width, stored_height;
    struct SwsContext *to_rgb;
    uint8_t *rgb;                 /* [stored height][stored width][3] */
    fd_canvas turned;             /* the same upright, where it does not lie so */
    bool primed;                  /* `frame` is the first one, not yet given */
    bool fed;                     /* the decoder was told that there is no more */
    bool damaged;                 /* reading ended before the end */
    int64_t number, last;         /* of the next frame; time of the one before */
    fd_video_writer *writer;      /* takes the packets of sound and subtitles; NULL: they are kept until it is there */
    AVPacket **held;
    size_t holds, held_capacity;
    int64_t held_bytes;
};

/* video_input.c: the file as libavformat reads it. On failure a verdict. */
fd_error *fd_video_input_open(fd_video *v, fd_verdict *verdict) FD_CHECK;
void fd_video_input_close(fd_video *v);

/* video_pixels.c */
int fd_video_orientation(const int32_t *matrix);   /* 1..8; 0: not a multiple of a quarter turn */
/* The frame in v->frame as upright RGB8. */
fd_error *fd_video_to_rgb(fd_video *v, fd_image *out) FD_CHECK;
/* The matrix of colours that sws_setColorspaceDetails takes: the frame's own, or what its size makes likely. */
int fd_video_colours(enum AVColorSpace space, int width, int height);
extern const int fd_video_sws_flags;

/* video_encoder.c: the encoder that `o` names, set up for the frames of v, and its stream in the container `format`, which owns that. On failure a verdict.
 * The caller frees the encoder in any case. */
typedef struct fd_video_encoder { AVCodecContext *encoder; AVStream *stream; } fd_video_encoder;
fd_error *fd_video_encoder_open(const fd_video *v, AVFormatContext *format, const fd_video_output *o, fd_video_encoder *out, fd_verdict *verdict) FD_CHECK;
/* What the encoder or the container does not take (at most 50 bytes), and which or why. */
fd_verdict fd_video_unsupported(const char *what, const char *detail);

/* video_write.c: a packet of sound or subtitles of the source; it is unreferenced. Does nothing where that stream is not copied. */
fd_error *fd_video_copy(fd_video_writer *w, AVPacket *packet) FD_CHECK;

/* "reason" of FFmpeg's error. Returns out. */
char *fd_video_reason(char out[64], int error);
/* Of a frame, in the stream's units; 0: unknown. */
int64_t fd_video_duration(const AVFrame *frame);

#endif
