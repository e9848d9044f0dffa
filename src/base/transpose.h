/* Matrices of float turned round. */
#ifndef FD_BASE_TRANSPOSE_H
#define FD_BASE_TRANSPOSE_H

#include <stdint.h>

/* to[column * to_pitch + row] = from[row * pitch + column] for all of `rows` and `columns`; the two do not overlap. */
void fd_transpose(const float *from, int64_t rows, int64_t columns, int64_t pitch, float *to, int64_t to_pitch);

#endif
