/* What a machine can do: processor, GPU, disk; a table and a page. */
#include "run/bench/bench_job.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main_alone(argc, argv, &fd_bench_program, fd_run_bench);
}
