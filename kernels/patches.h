/* Patches of the cascade: windows of photographs resampled to squares. */
#ifndef FD_KERNELS_PATCHES_H
#define FD_KERNELS_PATCHES_H

#include "kernels/kernel.h"
#include "kernels/math/box.h"
#include "kernels/math/pixels.h"

FD_C_BEGIN

typedef struct fd_window_of {
    fd_pixels picture;
    fd_window window; /* within the picture, not empty */
} fd_window_of;

/* out[n][3][side][side]: area means of windows[n], normalised as the cascade's networks take them. */
int fd_patches(const fd_window_of *windows, int64_t n, int32_t side, float *out, fd_stream stream);

FD_C_END

#endif
