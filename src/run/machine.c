#include "run/machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

typedef struct rank_cores { cpu_set_t mask; char host[64]; } rank_cores;

fd_error *fd_machine_cores(fd_comm *c, int *cores)
{
    fd_error *err = NULL;
    rank_cores *all = NULL, own;
    memset(&own, 0, sizeof own);
    snprintf(own.host, sizeof own.host, "%s", fd_comm_host(c));
    if (sched_getaffinity(0, sizeof own.mask, &own.mask) != 0)
        for (long i = 0; i < sysconf(_SC_NPROCESSORS_ONLN) && i < CPU_SETSIZE; i++)
            CPU_SET((int)i, &own.mask);
    FD_TRY(fd_alloc(&all, (size_t)fd_comm_ranks(c), sizeof *all));
    FD_TRY(fd_comm_all_gather_fixed(c, &own, all, sizeof own));
    double share = 0;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        int sharers = 0;
        for (int r = 0; CPU_ISSET(core, &own.mask) && r < fd_comm_ranks(c); r++)
            sharers += CPU_ISSET(core, &all[r].mask) && strcmp(all[r].host, own.host) == 0;
        share += sharers ? 1.0 / sharers : 0;
    }
    *cores = share < 1 ? 1 : (int)(share + 1e-6);
done:
    free(all);
    return err;
}

fd_error *fd_machine_threads(fd_comm *c, fd_options *o, int *threads)
{
    fd_error *err = NULL;
    char text[16];
    if (!fd_opt_given(o, "threads")) {
        int cores = 1;
        FD_TRY(fd_machine_cores(c, &cores));
        snprintf(text, sizeof text, "%d", cores);
        FD_TRY(fd_opt_resolve(o, "threads", text));
    }
    *threads = (int)fd_opt_int(o, "threads");
done:
    return err;
}

fd_error *fd_machine_same_engine(fd_comm *c, fd_engine *e)
{
    fd_error *err = NULL;
    typedef struct label { char engine[320], processor[128]; } label;
    label own = {"", ""}, *all = NULL;
    snprintf(own.engine, sizeof own.engine, "%s, %s", e->kind->name, e->kind->isa(e));
    fd_machine_cpu(own.processor, sizeof own.processor);
    FD_TRY(fd_alloc(&all, (size_t)fd_comm_ranks(c), sizeof *all));
    FD_TRY(fd_comm_all_gather_fixed(c, &own, all, sizeof own));
    for (int r = 1; r < fd_comm_ranks(c); r++) {
        if (strcmp(all[0].engine, all[r].engine) != 0)
            FD_THROW(FD_MISMATCH, "rank 0 computes with %s, rank %d with %s: the same bytes need one for all; give --device and --isa", all[0].engine, r,
                     all[r].engine);
        if (strcmp(all[0].processor, all[r].processor) != 0)
            fd_say(FD_NORMAL, "warning: rank 0 runs on %s, rank %d on %s: the last bits may depend on who computed what", all[0].processor, r, all[r].processor);
    }
done:
    free(all);
    return err;
}

static int64_t number_in(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[64] = "";
    if (f && !fgets(line, sizeof line, f))
        line[0] = 0;
    if (f)
        fclose(f);
    char *end;
    long long n = strtoll(line, &end, 10);
    return end == line ? INT64_MAX : n;   /* "max": no limit */
}

int64_t fd_machine_memory(void)
{
    int64_t host = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t v2 = number_in("/sys/fs/cgroup/memory.max"), v1 = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    int64_t least = v1 < v2 ? v1 : v2;
    return least > 0 && least < host ? least : host;
}

void fd_machine_cpu(char *out, int size)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256];
    snprintf(out, (size_t)size, "unknown");
    while (f && fgets(line, sizeof line, f)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value) {
            line[strcspn(line, "\n")] = 0;
            snprintf(out, (size_t)size, "%s", value + 2);
            break;
        }
    }
    if (f)
        fclose(f);
}

int64_t fd_machine_resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long long total, resident = 0;
    if (f && fscanf(f, "%lld %lld", &total, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * sysconf(_SC_PAGESIZE);
}

int64_t fd_machine_peak(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (int64_t)u.ru_maxrss * 1024 : 0;
}

double fd_machine_cpu_seconds(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0)
        return 0;
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}
