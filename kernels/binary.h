/* Two operands element by element, with broadcasting. */
#ifndef FD_KERNELS_BINARY_H
#define FD_KERNELS_BINARY_H

#include "kernels/kernel.h"
#include "kernels/view.h"

FD_C_BEGIN

typedef enum fd_binary_kind { FD_BIN_ADD, FD_BIN_SUB, FD_BIN_MUL, FD_BIN_DIV, FD_BIN_POW } fd_binary_kind;

typedef struct fd_broadcast {
    int32_t rank;             /* 0 .. FD_VIEW_RANK */
    int64_t dim[FD_VIEW_RANK]; /* of the result, which is row-major */
    int64_t a[FD_VIEW_RANK], b[FD_VIEW_RANK]; /* strides of the operands in floats; 0 repeats */
} fd_broadcast;

/* y = a (kind) b; POW by double's pow, rounded once. y may be an operand that is read where it is written. */
int fd_binary_op(int32_t kind, fd_broadcast shape, const float *a, const float *b, float *y, fd_stream stream);

FD_C_END

#endif
