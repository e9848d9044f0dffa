/* Energy of the processors as the kernel counts it (RAPL): whole packages, whoever used them. */
#ifndef FD_RUN_BENCH_ENERGY_H
#define FD_RUN_BENCH_ENERGY_H

enum { FD_PACKAGES = 16 };

/* What the counters say; n 0: there are none, or they are not readable (most systems keep them for root). */
typedef struct fd_energy {
    int n;
    double joules[FD_PACKAGES], range[FD_PACKAGES]; /* of each package; where its counter begins anew */
} fd_energy;

/* Reads FACESDIST_POWERCAP, by default /sys/class/powercap. */
fd_energy fd_energy_now(void);

/* Joules from one reading to a later one, less than a counter's whole range apart; NAN where there are no counters. */
double fd_energy_between(const fd_energy *before, const fd_energy *after);

#endif
