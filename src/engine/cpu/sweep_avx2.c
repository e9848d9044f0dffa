#define VL 8
#define KERNEL fd_sweep_avx2
#define GEMM fd_gemm_avx2
#include "engine/cpu/sweep_body.h"
