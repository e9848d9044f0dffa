/* Kernels of FD_LANES for AVX-512. */
#define VL 16
#define KERNELS fd_lanes_kernels_avx512
#include "engine/cpu/lanes_body.h"
