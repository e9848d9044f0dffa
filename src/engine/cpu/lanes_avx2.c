/* Kernels of FD_LANES for AVX2 and FMA. */
#define VL 8
#define KERNELS fd_lanes_kernels_avx2
#include "engine/cpu/lanes_body.h"
