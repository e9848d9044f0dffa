#define VL 4
#define BLOCK 8
#define FINISH fd_finish_base
#define COMBINE fd_combine_base
#include "engine/cpu/finish_body.h"
