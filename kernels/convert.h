/* float32 to the 16-bit formats. */
#ifndef FD_KERNELS_CONVERT_H
#define FD_KERNELS_CONVERT_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* y[n] = IEEE half (or, with bfloat, bfloat16) nearest to x[n], ties to even; beyond the largest: infinite; NaN stays NaN. */
int fd_to_half(const float *x, uint16_t *y, int64_t n, int32_t bfloat, fd_stream stream);

FD_C_END

#endif
