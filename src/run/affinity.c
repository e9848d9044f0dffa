#include "run/affinity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* A number of digits alone, up to CPU_SETSIZE (which stands for all that are larger). */
static bool number(const char **at, int *out)
{
    const char *from = *at;
    for (*out = 0; **at >= '0' && **at <= '9'; ++*at) {
        *out = 10 * *out + (**at - '0');
        *out = *out > CPU_SETSIZE ? CPU_SETSIZE : *out;
    }
    return *at > from;
}

bool fd_affinity_parse(const char *text, cpu_set_t *out)
{
    CPU_ZERO(out);
    for (bool more = true; more;) {
        int first, last;
        if (!number(&text, &first))
            return false;
        last = first;
        if (*text == '-') {
            text++;
            if (!number(&text, &last) || last < first)
                return false;
        }
        for (int core = first; core <= last && core < CPU_SETSIZE; core++)
            CPU_SET(core, out);
        more = *text == ',';
        text += more;
    }
    return *text == 0 && CPU_COUNT(out) > 0;
}

bool fd_affinity_near(const char *devices, const char *address, cpu_set_t *out)
{
    char path[4096], line[4096] = "";
    CPU_ZERO(out);
    if ((size_t)snprintf(path, sizeof path, "%s/%s/local_cpulist", devices, address) >= sizeof path)
        return false;
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    const bool got = fgets(line, sizeof line, f) != NULL;
    fclose(f);
    line[strcspn(line, "\n")] = 0;
    return got && fd_affinity_parse(line, out);
}

fd_nearness fd_affinity_narrow(const cpu_set_t *own, const cpu_set_t *near, cpu_set_t *out)
{
    CPU_AND(out, own, near);
    if (CPU_EQUAL(out, own))
        return FD_NEAR_ALL;
    if (CPU_COUNT(out) > 0)
        return FD_NEAR_SOME;
    *out = *own;
    return FD_NEAR_NONE;
}

void fd_affinity_apply(const char *devices, const char *address)
{
    cpu_set_t own, near, narrowed;
    if (!*address || !fd_affinity_near(devices, address, &near) || sched_getaffinity(0, sizeof own, &own) != 0)
        return;
    const fd_nearness nearness = fd_affinity_narrow(&own, &near, &narrowed);
    if (nearness == FD_NEAR_NONE)
        fd_warn("none of the %d cores of this rank is near its GPU (%s): they are kept, and photographs take a longer way to it",
                CPU_COUNT(&own), address);
    else if (nearness == FD_NEAR_SOME && sched_setaffinity(0, sizeof narrowed, &narrowed) == 0)
        fd_say(FD_VERBOSE, "%d of %d cores are used, those near the GPU (%s)", CPU_COUNT(&narrowed), CPU_COUNT(&own), address);
}
