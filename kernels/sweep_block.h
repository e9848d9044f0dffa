/* Blocks of rows, prepared once for all their sweeps. */
#ifndef FD_KERNELS_SWEEP_BLOCK_H
#define FD_KERNELS_SWEEP_BLOCK_H

#include "kernels/kernel.h"
#include "kernels/math/pair.h"

FD_C_BEGIN

/* Device memory of fd_sweep_block_bytes bytes, 256-byte aligned, filled by fd_sweep_prepare: for each row its factor (double: cosine 1 / |x|, else 1;
 * NaN: takes part in no pair), its squared norm and two constants of the filter (floats), and the row itself, zeros behind it up to a multiple of 8. */
typedef struct fd_sweep_block {
    int32_t metric; /* fd_pair_metric */
    int64_t n, dim; /* 0 <= n < 2^31, dim > 0 */
    void *memory;
} fd_sweep_block;

int64_t fd_sweep_block_bytes(int64_t n, int64_t dim);
/* row[n][dim]; valid[n], device: 0 for a row that takes part in no pair; null: all do. Rows that are not finite, and for the cosine zero, take part
 * in none either. */
int fd_sweep_prepare(fd_sweep_block block, const float *row, const uint8_t *valid, fd_stream stream);

FD_C_END

#endif
