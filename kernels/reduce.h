/* Sums, means and 2-norms over axes. */
#ifndef FD_KERNELS_REDUCE_H
#define FD_KERNELS_REDUCE_H

#include "kernels/kernel.h"
#include "kernels/view.h"

FD_C_BEGIN

typedef enum fd_reduce_kind { FD_RED_MEAN, FD_RED_SUM, FD_RED_L2 } fd_reduce_kind;

typedef struct fd_reduction {
    int32_t kind, kept, gone; /* how many axes stay, how many go; each 0 .. FD_VIEW_RANK */
    int64_t kept_dim[FD_VIEW_RANK], kept_stride[FD_VIEW_RANK];
    int64_t gone_dim[FD_VIEW_RANK], gone_stride[FD_VIEW_RANK];
} fd_reduction;

/* y, row-major over the kept axes: double sums, innermost axis first as the reference engine nests them, rounded once. */
int fd_reduce_op(fd_reduction shape, const float *x, float *y, fd_stream stream);

FD_C_END

#endif
