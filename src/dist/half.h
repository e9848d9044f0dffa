/* float32 to float16 (IEEE 754 binary16): round to nearest, ties to even. */
#ifndef FD_DIST_HALF_H
#define FD_DIST_HALF_H

#include <stdint.h>

/* out[n]; NaN becomes one bit pattern; what is beyond the largest float16, 65504, becomes that with its sign. Returns how many were. */
int64_t fd_half_of(const float *values, int64_t n, uint16_t *out);

#endif
