/* The main job: photographs in, faces.h5 out. */
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &fd_faces_program, fd_run_faces);
}
