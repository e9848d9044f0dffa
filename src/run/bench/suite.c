#include "run/bench/suite.h"

#include <string.h>

static const fd_suite *const suites[] = {
    &fd_suite_ceilings, &fd_suite_nets,   &fd_suite_matmul,    &fd_suite_invert, &fd_suite_motion,
    &fd_suite_conv,     &fd_suite_decode, &fd_suite_distances, &fd_suite_io,
};

const fd_suite *fd_suite_at(int i)
{
    return i >= 0 && i < (int)(sizeof suites / sizeof *suites) ? suites[i] : NULL;
}

const fd_suite *fd_suite_named(const char *name)
{
    for (int i = 0; fd_suite_at(i); i++)
        if (strcmp(fd_suite_at(i)->name, name) == 0)
            return fd_suite_at(i);
    return NULL;
}
