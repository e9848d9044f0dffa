/* Largest or mean values under windows. */
#ifndef FD_KERNELS_POOL_H
#define FD_KERNELS_POOL_H

#include "kernels/kernel.h"
#include "kernels/window.h"

FD_C_BEGIN

/* x[n][c][height][width] -> y[n][c][out_height][out_width]. A window may hang over the padding (ceil mode). max: the largest value inside the
 * image, -infinity where there is none. Otherwise the mean (a double sum, row by row) over what lies inside the image, with count_include_pad
 * also over the padding, never over what hangs over beyond it. */
int fd_pool(fd_window2 shape, int32_t max, int32_t count_include_pad, const float *x, float *y, fd_stream stream);

FD_C_END

#endif
