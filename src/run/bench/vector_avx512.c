#define VL 16
#define VECTORS fd_vectors_avx512
#define ISA "avx512"
#include "run/bench/vector_body.h"
