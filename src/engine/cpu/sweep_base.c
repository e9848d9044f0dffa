#define VL 4
#define KERNEL fd_sweep_base
#define GEMM fd_gemm_base
#include "engine/cpu/sweep_body.h"
