/* facesdist-motion: what moves from frame to frame. */
#include "run/pictures/motion.h"

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &fd_motion_program, fd_run_motion);
}
