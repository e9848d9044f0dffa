#define VL 4
#define GEMM fd_gemm_base
#include "engine/cpu/gemm_body.h"
