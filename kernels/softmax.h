/* Softmax along one axis. */
#ifndef FD_KERNELS_SOFTMAX_H
#define FD_KERNELS_SOFTMAX_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* x, y [outer][n][inner]; along the middle axis. Two classes go by kernels/math/softmax.h; more: exponentials and their sum in double, in order,
 * rounded once. y may be x. */
int fd_softmax(const float *x, float *y, int64_t outer, int64_t n, int64_t inner, fd_stream stream);

FD_C_END

#endif
