#define VL 4
#define BLOCK 8
#define FINISH fd_finish_base
#include "engine/cpu/finish_body.h"
