#define VL 16
#define CODE fd_raster_avx512
#include "engine/cpu/raster_body.h"
