#define VL 8
#define BLOCK 8
#define FINISH fd_finish_avx2
#define COMBINE fd_combine_avx2
#include "engine/cpu/finish_body.h"
