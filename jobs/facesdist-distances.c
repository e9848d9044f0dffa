/* Rows of numbers in, their distances out. */
#include "run/pairs/distances_job.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &fd_distances_program, fd_run_distances);
}
