/* The windows that facesdist-convolve lays over pictures. */
#ifndef FD_RUN_FILTER_H
#define FD_RUN_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

enum { FD_FILTER_MOST = 1023 };   /* rows, and columns */

typedef struct fd_filter {
    int32_t rows, columns;
    double *taps;            /* [rows][columns] */
    bool separates;          /* taps[i][j] is down[i] * across[j], to a part in 10^7 of the largest */
    double *down, *across;   /* [rows], [columns]; NULL where it does not */
} fd_filter;

/* A filter by its name (fd_filter_names), or from a file: .npy, or text with a row of numbers on each line, separated by blanks, commas or semicolons; what
 * follows # is passed over. size 0: the filter's own. FD_USAGE for a size that is not odd or a filter that has none, FD_FORMAT for a file that is no window.
 * fd_filter_free in any case. */
fd_error *fd_filter_open(const char *name, int size, double sigma, fd_filter *out) FD_CHECK;
void fd_filter_free(fd_filter *f);

#define FD_FILTER_NAMES "identity, box, gaussian, sobel-x, sobel-y, sharpen, emboss"

#endif
