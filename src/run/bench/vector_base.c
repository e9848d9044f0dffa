#define VL 4
#define VECTORS fd_vectors_base
#define ISA "128-bit vectors"
#include "run/bench/vector_body.h"
