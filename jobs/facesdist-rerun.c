/* facesdist-rerun: a result, made again and compared. */
#include "run/rerun/rerun.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main(argc, argv, &fd_rerun_program, fd_run_rerun);
}
