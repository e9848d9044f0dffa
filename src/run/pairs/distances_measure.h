/* Short measurements on the input's first rows, for the forecast. */
#ifndef FD_RUN_DISTANCES_MEASURE_H
#define FD_RUN_DISTANCES_MEASURE_H

#include "run/pairs/distances_job.h"

/* Processor seconds of one thread, but for byte: what else runs here is no part of the run. */
typedef struct fd_measured {
    double survey, row;    /* to read and hash a row; to read and prepare it */
    double pair, fill;     /* for a pair; and for a row whose list fills, times 1 + ln(rows / k) (fd_measured_fill) */
    double value;          /* for a value of the matrix, made, converted and packed */
    double byte;           /* to write a byte where the output will be; 0: not measured */
    double packed;         /* bytes in the file for each of the matrix; 1: not compressed */
} fd_measured;

/* Rank 0; plan and wanted of r->pairing are set. All 0 where there are no rows. */
fd_error *fd_distances_measure(fd_distances_run *r, fd_measured *out) FD_CHECK;

/* How often a list of k changes while n rows go by, by k. */
double fd_measured_fill(int64_t n, int64_t k);

#endif
