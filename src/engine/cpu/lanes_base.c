/* Kernels of FD_LANES for any processor. */
#define VL 4
#define KERNELS fd_lanes_kernels_base
#include "engine/cpu/lanes_body.h"
