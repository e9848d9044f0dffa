/* The most arithmetic that a GPU's ordinary units do: multiply-adds in registers and nothing else. */
#ifndef FD_KERNELS_PEAK_H
#define FD_KERNELS_PEAK_H

#include "kernels/kernel.h"

FD_C_BEGIN

enum { FD_PEAK_CHAINS = 8, FD_PEAK_THREADS = 256 }; /* sums of a thread that do not wait for each other; threads of a block */

/* rounds x FD_PEAK_CHAINS multiply-adds in each of blocks x FD_PEAK_THREADS threads. out: one number of each thread, so that nothing is left
 * out: the sum of its chains, of which chain c begins at c and goes x = x / 2 + 1 (towards 2). */
int fd_peak(int64_t rounds, uint32_t blocks, float *out, fd_stream stream);

FD_C_END

#endif
