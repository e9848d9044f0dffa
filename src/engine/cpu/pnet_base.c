/* Kernels of the fused P-Net for any processor. */
#define VL 4
#define KERNELS fd_pnet_kernels_base
#include "engine/cpu/pnet_body.h"
