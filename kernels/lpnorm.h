/* Rows divided by their 1- or 2-norm, along one axis. */
#ifndef FD_KERNELS_LPNORM_H
#define FD_KERNELS_LPNORM_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* x, y [outer][n][inner]; along the middle axis. p: 1 or 2. The norm is a double sum in order; a row of norm 0 becomes zeros. y may be x. */
int fd_lpnorm(const float *x, float *y, int32_t p, int64_t outer, int64_t n, int64_t inner, fd_stream stream);

FD_C_END

#endif
