/* Arrays with borders added or cropped. */
#ifndef FD_KERNELS_PAD_H
#define FD_KERNELS_PAD_H

#include "kernels/kernel.h"
#include "kernels/view.h"

FD_C_BEGIN

typedef enum fd_pad_mode { FD_PAD_CONSTANT, FD_PAD_REFLECT, FD_PAD_EDGE } fd_pad_mode;

typedef struct fd_pad {
    int32_t rank;                                /* 0 .. FD_VIEW_RANK */
    int64_t dim[FD_VIEW_RANK], size[FD_VIEW_RANK]; /* of y and of x, both row-major */
    int64_t before[FD_VIEW_RANK];                 /* elements in front of x along each axis; negative ones crop */
    int32_t mode;                                /* fd_pad_mode; a reflection does not repeat the border */
    float value;
} fd_pad;

int fd_pad_op(fd_pad pad, const float *x, float *y, fd_stream stream);

FD_C_END

#endif
