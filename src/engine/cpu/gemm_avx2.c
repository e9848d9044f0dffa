#define VL 8
#define GEMM fd_gemm_avx2
#include "engine/cpu/gemm_body.h"
