/* facesdist-motion-video: what moves in videos. Built where FFmpeg's libraries are. */
#ifndef FD_RUN_VIDEO_H
#define FD_RUN_VIDEO_H

#include "run/run.h"

extern const fd_program fd_motion_video_program;
fd_error *fd_run_motion_video(fd_comm *c, fd_options *o, int *exit_code) FD_CHECK;

#endif
