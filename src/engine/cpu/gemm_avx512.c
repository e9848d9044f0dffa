#define VL 16
#define GEMM fd_gemm_avx512
#include "engine/cpu/gemm_body.h"
