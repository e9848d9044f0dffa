/* Products of matrices, written four times, each time with one idea more: the ladder that facesdist-bench shows. Networks do not use them. */
#ifndef FD_KERNELS_MATMUL_H
#define FD_KERNELS_MATMUL_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* c [rows][columns] = a [rows][depth] . b [depth][columns], row-major; rows at most 2^20, each 1 or more. */
typedef struct fd_matmul {
    int64_t rows, depth, columns;
    const float *a, *b;
    float *c;
} fd_matmul;

int fd_matmul_naive(fd_matmul m, fd_stream stream); /* a thread makes one number, from the device's memory */
int fd_matmul_tiled(fd_matmul m, fd_stream stream); /* a block brings tiles into shared memory first */
int fd_matmul_vectorised(fd_matmul m, fd_stream stream); /* a thread makes 8 x 8 numbers in registers, from vectors of four */
/* By tensor cores: factors are rounded to 16 bits (nearest, ties to even; 65520 and more become infinite), products and sums are float32. */
int fd_matmul_tensor(fd_matmul m, fd_stream stream);

FD_C_END

#endif
