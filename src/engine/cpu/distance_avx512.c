#define VL 16
#define KERNEL fd_distance_avx512
#define GEMM fd_gemm_avx512
#include "engine/cpu/distance_body.h"
