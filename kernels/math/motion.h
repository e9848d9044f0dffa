/* Motion between two frames. */
#ifndef FD_KERNELS_MATH_MOTION_H
#define FD_KERNELS_MATH_MOTION_H

#include <stdint.h>

#include "kernels/math/inline.h"

/* Luma of ITU-R BT.601 (0.299, 0.587, 0.114) in 14 bits, rounded: 0..255. */
FD_INLINE int32_t fd_gray(const uint8_t *rgb)
{
    return (4899 * rgb[0] + 9617 * rgb[1] + 1868 * rgb[2] + 8192) >> 14;
}

/* 255 where a gray level changed by more than the threshold, else 0. */
FD_INLINE uint8_t fd_moves(int32_t gray, int32_t before, int32_t threshold)
{
    const int32_t change = gray < before ? before - gray : gray - before;
    return change > threshold ? 255 : 0;
}

#endif
