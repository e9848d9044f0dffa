#define VL 4
#define CODE fd_image_base
#include "engine/cpu/image_body.h"
