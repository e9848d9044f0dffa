#define VL 16
#define CODE fd_image_avx512
#include "engine/cpu/image_body.h"
