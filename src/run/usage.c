#include "run/usage.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/machine.h"

void fd_usage_watch_gpu(fd_usage *u, const fd_engine *e)
{
    const char *uuid = e->kind->uuid ? e->kind->uuid(e) : "";
    if (!*uuid)
        return;
    fd_error *err = fd_nvml_open(FD_NVML_LIBRARY, uuid, &u->gpu);
    if (err)
        fd_say(FD_NORMAL, "load, memory and clocks of the GPU are not recorded: %s", fd_error_message(err));
    fd_error_free(err);
}

enum { ALL_ROWS = 1 << 18, FEWEST = 64 };

void fd_usage_sample(fd_job *job)
{
    fd_usage *u = job->usage;
    const int most = sizeof u->row / sizeof *u->row, even = ALL_ROWS / job->ranks, capacity = even > most ? most : even > FEWEST ? even & ~1 : FEWEST;
    if (++u->skipped < u->every)
        return;
    u->skipped = 0;
    if (u->n == capacity) {   /* full: keep every second one, and sample half as often */
        for (int i = 0; i < capacity / 2; i++)
            u->row[i] = u->row[2 * i];
        u->n = capacity / 2;
        u->every = u->every ? 2 * u->every : 2;
    }
    u->row[u->n++] = (fd_usage_row){.seconds = fd_now() - job->start,
                                    .cpu_seconds = fd_machine_cpu_seconds(),
                                    .resident = (double)fd_machine_resident(),
                                    .rank = job->rank,
                                    .gpu = fd_nvml_look(u->gpu)};
}

void fd_usage_free(fd_usage *u)
{
    if (u)
        fd_nvml_close(u->gpu);
    free(u);
}
