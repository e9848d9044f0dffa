/* facesdist-export: tables of a result for other programs. */
#include "run/export/export.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main_alone(argc, argv, &fd_export_program, fd_run_export);
}
