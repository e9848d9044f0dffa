/* One network: its layers, one run of it, its speed. */
#include "run/net/net_job.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main_alone(argc, argv, &fd_net_program, fd_run_net);
}
