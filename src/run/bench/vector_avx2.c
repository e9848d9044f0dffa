#define VL 8
#define VECTORS fd_vectors_avx2
#define ISA "avx2"
#include "run/bench/vector_body.h"
