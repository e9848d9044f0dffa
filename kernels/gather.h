/* Chosen slices of an array along one axis. */
#ifndef FD_KERNELS_GATHER_H
#define FD_KERNELS_GATHER_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* x[outer][size][inner], index[count] of 0 .. size - 1 -> y[outer][count][inner]. */
typedef struct fd_gathering {
    int64_t outer, size, inner, count;
} fd_gathering;

int fd_gather(fd_gathering shape, const float *x, const int64_t *index, float *y, fd_stream stream);

FD_C_END

#endif
