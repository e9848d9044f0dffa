#define VL 16
#define KERNEL fd_sweep_avx512
#define GEMM fd_gemm_avx512
#include "engine/cpu/sweep_body.h"
