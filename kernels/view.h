/* Copies between strided views of arrays: transpose, slice, expand, concat, reshape. */
#ifndef FD_KERNELS_VIEW_H
#define FD_KERNELS_VIEW_H

#include "kernels/kernel.h"

FD_C_BEGIN

enum { FD_VIEW_RANK = 6 };

typedef struct fd_view {
    int32_t rank;              /* 0 .. FD_VIEW_RANK; 0: one element */
    int64_t dim[FD_VIEW_RANK];  /* elements along each axis */
    int64_t from[FD_VIEW_RANK]; /* strides of x in floats, may be negative or 0 */
    int64_t to[FD_VIEW_RANK];   /* strides of y; no two elements go to one place */
} fd_view;

/* Every element of the view; x and y point to its first one and do not overlap. */
int fd_copy_view(fd_view view, const float *x, float *y, fd_stream stream);

FD_C_END

#endif
