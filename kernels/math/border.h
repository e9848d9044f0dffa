/* What lies beyond the border of a picture, along one axis. */
#ifndef FD_KERNELS_MATH_BORDER_H
#define FD_KERNELS_MATH_BORDER_H

#include <stdint.h>

#include "kernels/math/inline.h"

/* The index inside 0..n-1 whose value position i takes, any distance outside, by the rule's number in engine/raster.h (reflect, constant, nearest,
 * mirror, wrap); -1: the constant. n > 0. */
FD_INLINE int64_t fd_border_index(int64_t i, int64_t n, int rule)
{
    const int64_t period = rule == 0 ? 2 * n : rule == 3 ? 2 * n - 2 : n;
    if (i >= 0 && i < n)
        return i;
    if (rule == 1)
        return -1;
    if (rule == 2 || period == 0)
        return i < 0 || period == 0 ? 0 : n - 1;
    i = i % period + (i % period < 0 ? period : 0);
    if (rule == 0)
        return i < n ? i : period - 1 - i;
    return rule == 3 && i >= n ? period - i : i;
}

#endif
