/* facesdist-compare: two results, a table of what differs, a verdict. */
#include "run/compare/compare.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main_alone(argc, argv, &fd_compare_program, fd_run_compare);
}
