/* The one inner loop of both fast parts (fused P-Net, samples in lanes): a block of `no` outputs times `nv` vectors, held in registers.
 * Include it after simd.h. `no` and `nv` are compile-time constants wherever it is inlined; the sizes of each instruction set leave room
 * for the inputs and one broadcast: 8 x 3 of 32 registers, 4 x 3 of 16 (4 x 2 without a fused multiply-add, which needs a temporary). */
#ifndef FD_ENGINE_CPU_BLOCK_H
#define FD_ENGINE_CPU_BLOCK_H

#include "engine/cpu/simd.h"

enum { BLOCK_O = VL == 16 ? 8 : 4, BLOCK_V = VL == 4 ? 2 : 3 };

#define UNROLL _Pragma("GCC unroll 8")
#define NO_UNROLL _Pragma("GCC unroll 1")   /* more inputs in flight would not fit the registers */
#define KEEP_ORDER __asm__ volatile("" ::: "memory")   /* loads behind it are not moved in front: the same */

/* What a block multiplies its inputs by. */
typedef struct block_taps {
    const ptrdiff_t *offset;   /* [n]: of tap k's input, in floats */
    ptrdiff_t n;
    const float *weight;       /* [n][no] */
    const float *bias;         /* [no] */
} block_taps;

/* acc[o][v] = bias[o] + sum over k, in order, of in[v][offset[k]] * weight[k][o]. */
INLINE void block_sum(int no, int nv, const float *const *in, block_taps t, vec acc[BLOCK_O][BLOCK_V])
{
    UNROLL for (int o = 0; o < no; o++) {
        vec b = vec_set(t.bias[o]);
        UNROLL for (int v = 0; v < nv; v++)
            acc[o][v] = b;
    }
    for (ptrdiff_t k = 0; k < t.n; k++, t.weight += no) {
        vec x[BLOCK_V];
        UNROLL for (int v = 0; v < nv; v++)
            x[v] = vec_load(in[v] + t.offset[k]);
        UNROLL for (int o = 0; o < no; o++) {
            vec w = vec_set(t.weight[o]);
            UNROLL for (int v = 0; v < nv; v++)
                acc[o][v] = vec_fma(x[v], w, acc[o][v]);
        }
    }
}

#endif
