/* Videos in and out, by FFmpeg's libraries (built with FACESDIST_VIDEO; no other room knows them). Files of this machine alone are opened: a file that names
 * others, or addresses, is refused, and a container that asks for another file gets none. */
#ifndef FD_DATA_VIDEO_H
#define FD_DATA_VIDEO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "data/decode.h"
#include "data/ledger.h"

typedef struct fd_video fd_video;                 /* open for reading; one thread at a time */
typedef struct fd_video_writer fd_video_writer;

typedef struct fd_video_config {
    int64_t max_pixels;      /* of a frame; more is too_large */
    int threads;             /* of the decoder; the pixels do not depend on it */
    bool ignore_rotation;    /* leave frames as they are stored */
    bool accept_truncated;   /* read what there is of a file that is cut short */
} fd_video_config;

typedef struct fd_video_facts {
    int32_t width, height;   /* upright */
    int orientation;         /* as EXIF counts them, 1..8, from the display matrix; 1 where it is ignored */
    int64_t frames;          /* about so many, as the container says; 0: it does not */
    int audio;               /* streams of sound */
    char container[32], codec[32];
} fd_video_facts;

typedef struct fd_video_frame {
    fd_image image;          /* RGB8, upright; belongs to the video, and changes with the next frame */
    int64_t number;          /* from 0 */
    int64_t time, duration;  /* in the stream's own units; duration 0: unknown */
    double seconds;          /* the same time */
} fd_video_frame;

/* Opens a file and finds its first frame. What is wrong with the file is a verdict (then *out is NULL): truncated, unless that is accepted; corrupt;
 * unsupported (no video, no frames, a playlist); too_large; as fd_open_entry. */
fd_error *fd_video_open(const char *path, const fd_video_config *config, fd_video **out, fd_verdict *verdict) FD_CHECK;
const fd_video_facts *fd_video_about(const fd_video *v);
/* The detail of an ok verdict where nobody can tell whether the file is whole: its container does not say where it ends. */
extern const char fd_video_may_be_cut[];
/* *got false: there are no more frames, and the verdict says why: ok (all were read; the detail may be fd_video_may_be_cut), truncated (all that there are), corrupt, or unsupported where the
 * frames change their size. Sound and subtitles that are met on the way go to the writer that copies them. */
fd_error *fd_video_next(fd_video *v, fd_video_frame *out, bool *got, fd_verdict *verdict) FD_CHECK;
void fd_video_close(fd_video *v);                 /* NULL is allowed */

typedef struct fd_video_output {
    const char *codec;       /* FFmpeg's name of an encoder: "ffv1" */
    const char *options;     /* of the encoder, "crf=18:preset=slow"; NULL: none */
    bool sound;              /* copy it, packet by packet */
    int threads;             /* of encoders whose bytes do not depend on it */
} fd_video_output;

/* FD_USAGE when there is no such encoder, or no container by the end of this name, or it does not take the codec. */
fd_error *fd_video_check_output(const char *name, const fd_video_output *o) FD_CHECK;
/* A video of the frames' size and times, upright; whole when it is committed, else not there. The verdict is unsupported when the encoder does not take such frames
 * or the container not such sound (then *out is NULL). The source must outlive it. */
fd_error *fd_video_create(const char *path, fd_video *source, const fd_video_output *o, fd_video_writer **out, fd_verdict *verdict) FD_CHECK;
fd_error *fd_video_add(fd_video_writer *w, const fd_video_frame *frame) FD_CHECK;
/* Codec of subtitles that the container cannot hold, so that they are not copied; "": none. Valid while w is. */
const char *fd_video_left_out(const fd_video_writer *w);
fd_error *fd_video_commit(fd_video_writer *w) FD_CHECK;
void fd_video_writer_close(fd_video_writer *w);   /* NULL is allowed; before the source's close */

/* "libavformat 59.27.100, libavcodec 59.37.100" */
void fd_video_libraries(char *out, size_t size);

#endif
