/* facesdist-convolve: pictures filtered by a window. */
#include "run/pictures/convolve.h"

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &fd_convolve_program, fd_run_convolve);
}
