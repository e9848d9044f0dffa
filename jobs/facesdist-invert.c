/* facesdist-invert: the negative of pictures. */
#include "run/pictures/invert.h"

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &fd_invert_program, fd_run_invert);
}
