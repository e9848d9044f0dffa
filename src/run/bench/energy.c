#include "run/bench/energy.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Microjoules in a file, as joules; false: not readable. */
static bool read_joules(const char *folder, int package, const char *name, double *out)
{
    char path[512];
    snprintf(path, sizeof path, "%s/intel-rapl:%d/%s", folder, package, name); /* AMD's are called so, too */
    FILE *f = fopen(path, "r");
    const bool got = f && fscanf(f, "%lf", out) == 1 && *out >= 0;
    if (f)
        fclose(f);
    *out *= 1e-6;
    return got;
}

fd_energy fd_energy_now(void)
{
    const char *named = getenv("FACESDIST_POWERCAP"), *folder = named && *named ? named : "/sys/class/powercap";
    fd_energy now = {0};
    while (now.n < FD_PACKAGES && read_joules(folder, now.n, "energy_uj", &now.joules[now.n]) &&
           read_joules(folder, now.n, "max_energy_range_uj", &now.range[now.n]))
        now.n++;
    return now;
}

double fd_energy_between(const fd_energy *before, const fd_energy *after)
{
    double sum = 0;
    if (before->n == 0 || after->n != before->n)
        return NAN;
    for (int i = 0; i < after->n; i++) {
        const double spent = after->joules[i] - before->joules[i];
        sum += spent < 0 ? spent + after->range[i] : spent;
    }
    return sum;
}
