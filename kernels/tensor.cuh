/* What a warp's tensor cores do, by the instruction that all of them since compute capability 7.5 have. tests/emu has a stand-in with the same names. */
#ifndef FD_KERNELS_TENSOR_CUH
#define FD_KERNELS_TENSOR_CUH

#include "kernels/launch.cuh"

/* Two numbers as halves, `low` in the lower 16 bits. */
static __device__ __forceinline__ uint32_t fd_halves(float low, float high)
{
    uint32_t both;
    asm("{\n\t.reg .b16 l, h;\n\tcvt.rn.f16.f32 l, %1;\n\tcvt.rn.f16.f32 h, %2;\n\tmov.b32 %0, {l, h};\n\t}" : "=r"(both) : "f"(low), "f"(high));
    return both;
}

/* sum += a . b of a warp: a is 16 rows of 8 halves, b is 8 rows of 8. With g = lane / 4 and t = lane % 4, a lane brings a's elements (g, 2t and 2t + 1) as
 * `upper` and (g + 8, the same) as `lower`, and b's (2t and 2t + 1, g); it has the sums (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1). All lanes. */
static __device__ __forceinline__ void fd_tensor_add(float (&sum)[4], uint32_t upper, uint32_t lower, uint32_t b)
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(upper), "r"(lower), "r"(b));
}

#endif
