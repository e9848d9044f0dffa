/* What the files of facesdist-motion-video share. */
#ifndef FD_RUN_VIDEO_PRIVATE_H
#define FD_RUN_VIDEO_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/file.h"
#include "data/video.h"
#include "run/pictures/motion_step.h"
#include "run/pictures/pictures_private.h"
#include "run/svg.h"

typedef struct fd_video_job {
    fd_pictures pictures;                  /* entries are videos */
    fd_video_config config;
    fd_video_output output;
    int threshold;
    fd_motion_times times, *timed;         /* timed: NULL where times are not wanted */
    const char *masks, *table, *plot;      /* folders, or with pictures.one the folder and the files themselves; NULL: not wanted */
    atomic_llong bytes_done;               /* for the progress */
    int64_t bytes_all;
    pthread_mutex_t lock;
    pthread_cond_t room;                   /* a video is done */
    int64_t in_use;                        /* bytes of memory that the videos in hand take */
} fd_video_job;

/* video_find.c: which videos there are, the same list on every rank (collective). */
fd_error *fd_video_find(fd_video_job *job) FD_CHECK;

/* video_outputs.c: what is made beside the annotated video. Nothing of it is there before the commit. */
typedef struct fd_video_outputs {
    const fd_video_job *job;
    int64_t id;                            /* of the video */
    char *table, *plot;                    /* their paths; NULL: not wanted */
    char *masks, *masks_now;               /* the folder, and the one that takes its place at the end */
    fd_file_writer *lines;
    fd_point *curve;                       /* [points] seconds, percent of the frame that moves */
    int64_t points;
    size_t capacity;
} fd_video_outputs;

fd_error *fd_video_outputs_open(const fd_video_job *job, int64_t id, fd_video_outputs *out) FD_CHECK;
fd_error *fd_video_outputs_add(fd_video_outputs *o, const fd_video_frame *frame, const fd_motion_step *step, const fd_moved *moved) FD_CHECK;
fd_error *fd_video_outputs_commit(fd_video_outputs *o) FD_CHECK;
void fd_video_outputs_close(fd_video_outputs *o);

/* The folders that they need; one rank makes them. */
fd_error *fd_video_outputs_make_folders(const fd_video_job *job) FD_CHECK;

#endif
