#define VL 8
#define CODE fd_raster_avx2
#include "engine/cpu/raster_body.h"
