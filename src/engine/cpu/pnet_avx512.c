/* Kernels of the fused P-Net for AVX-512. */
#define VL 16
#define KERNELS fd_pnet_kernels_avx512
#include "engine/cpu/pnet_body.h"
