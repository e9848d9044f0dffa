/* facesdist-motion-video: what moves in videos. */
#include "run/video/video.h"

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &fd_motion_video_program, fd_run_motion_video);
}
