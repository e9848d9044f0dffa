#define VL 16
#define BLOCK 16
#define FINISH fd_finish_avx512
#define COMBINE fd_combine_avx512
#include "engine/cpu/finish_body.h"
