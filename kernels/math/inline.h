/* Functions that C and CUDA share: written once, so that a box, a sampling point or a score is the same bits on every engine. Both compilers
 * build them without contraction (-ffp-contract=off, --fmad=false): every operation rounds by itself, in the order written. */
#ifndef FD_KERNELS_MATH_INLINE_H
#define FD_KERNELS_MATH_INLINE_H

#ifdef __CUDACC__
#define FD_INLINE static __host__ __device__ __forceinline__
#else
#define FD_INLINE static inline
#endif

#endif
