#include "run/usage.h"

#include "base/clock.h"
#include "run/machine.h"

void fd_usage_sample(fd_job *job)
{
    fd_usage *u = job->usage;
    const int capacity = sizeof u->row / sizeof *u->row;
    if (++u->skipped < u->every)
        return;
    u->skipped = 0;
    if (u->n == capacity) {   /* full: keep every second one, and sample half as often */
        for (int i = 0; i < capacity / 2; i++)
            u->row[i] = u->row[2 * i];
        u->n = capacity / 2;
        u->every = u->every ? 2 * u->every : 2;
    }
    u->row[u->n++] = (fd_usage_row){fd_now() - job->start, fd_machine_cpu_seconds(), (double)fd_machine_resident(), job->rank};
}
