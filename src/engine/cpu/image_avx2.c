#define VL 8
#define CODE fd_image_avx2
#include "engine/cpu/image_body.h"
