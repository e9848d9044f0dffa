/* Kernels of the fused P-Net for AVX2 and FMA. */
#define VL 8
#define KERNELS fd_pnet_kernels_avx2
#include "engine/cpu/pnet_body.h"
