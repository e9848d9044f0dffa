/* Convolution of each channel with a window of its own. */
#ifndef FD_KERNELS_DEPTHWISE_H
#define FD_KERNELS_DEPTHWISE_H

#include "kernels/epilogue.h"
#include "kernels/window.h"

FD_C_BEGIN

/* y[n][c][out_height][out_width] = what `finish` makes of the sums over x[n][c][height][width] under weight[c][kernel height][kernel width]. A sum
 * starts at 0 and takes the window's elements inside the image row by row, one fused multiply-add each. finish.residual is as large as y;
 * finish.inner and channels are not looked at. */
int fd_depthwise(fd_window2 shape, const float *x, const float *weight, fd_finish finish, float *y, fd_stream stream);

FD_C_END

#endif
