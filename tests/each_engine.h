/* Runs a group of tests on every engine and instruction set that this machine has; those that it lacks are named. */
#ifndef TESTS_EACH_ENGINE_H
#define TESTS_EACH_ENGINE_H

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "engines.h"

typedef int (*engine_tests)(const char *device, const char *isa);   /* gives the number of tests that failed */

/* A process for each: the instruction set of the cpu engine belongs to the process. */
static int run_apart(engine_tests run_all, const char *device, const char *isa)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        fd_engine *e;
        fd_error *missing = fd_engine_open(device, &(fd_engine_config){.isa = isa}, &e);
        if (missing) {
            print_message("SKIP: %s\n", fd_error_message(missing));
            fd_error_free(missing);
            exit(0);
        }
        fd_engine_close(e);
        exit(run_all(device, isa) ? 1 : 0);
    }
    int status = 1;
    return child < 0 || waitpid(child, &status, 0) != child || status;
}

static int each_engine(engine_tests run_all)
{
    use_emulator();
    static const char *const isas[] = {"sse41", "avx2", "avx512"};
    int failed = run_apart(run_all, "ref", "auto") | run_apart(run_all, "cuda", "auto");
    for (int i = 0; i < 3 && has_engine("cpu"); i++)
        failed |= run_apart(run_all, "cpu", isas[i]);
    return failed;
}

#endif
