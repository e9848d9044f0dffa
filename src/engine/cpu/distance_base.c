#define VL 4
#define KERNEL fd_distance_base
#define GEMM fd_gemm_base
#include "engine/cpu/distance_body.h"
