#define VL 4
#define CODE fd_raster_base
#include "engine/cpu/raster_body.h"
