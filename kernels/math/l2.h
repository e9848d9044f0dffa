/* 2-norm of a row: a double sum in the order of the elements, so that every engine finds the same. */
#ifndef FD_KERNELS_MATH_L2_H
#define FD_KERNELS_MATH_L2_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/math/inline.h"

/* One step of the sum. */
FD_INLINE double fd_l2_add(double sum, float v)
{
    return sum + (double)v * (double)v;
}

FD_INLINE double fd_l2_norm(const float *row, int64_t dim)
{
    double sum = 0.0;
    for (int64_t k = 0; k < dim; k++)
        sum = fd_l2_add(sum, row[k]);
    return sqrt(sum);
}

/* A row of zeros, NaN or infinity has no direction. (A double holds the square of every float32, so a finite row has a finite norm.) */
FD_INLINE bool fd_l2_usable(double norm)
{
    return norm > 0.0 && norm <= 1.7976931348623157e308;
}

FD_INLINE float fd_l2_divide(float v, double norm)
{
    return (float)((double)v / norm);
}

#endif
