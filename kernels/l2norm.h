/* Rows divided by their 2-norm. */
#ifndef FD_KERNELS_L2NORM_H
#define FD_KERNELS_L2NORM_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* rows[n][dim] in place; a row whose norm is 0 or not finite is left as it is. n, dim >= 0. */
int fd_l2norm(float *rows, int64_t n, int64_t dim, fd_stream stream);

FD_C_END

#endif
