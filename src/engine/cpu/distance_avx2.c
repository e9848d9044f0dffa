#define VL 8
#define KERNEL fd_distance_avx2
#define GEMM fd_gemm_avx2
#include "engine/cpu/distance_body.h"
