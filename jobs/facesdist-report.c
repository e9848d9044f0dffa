/* facesdist-report: a result as one page for people. */
#include "run/page/page_job.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main_alone(argc, argv, &fd_report_program, fd_run_report);
}
