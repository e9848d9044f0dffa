/* Norms of rows, and full tiles of distances. */
#ifndef FD_KERNELS_DISTANCE_H
#define FD_KERNELS_DISTANCE_H

#include "kernels/kernel.h"
#include "kernels/math/pair.h"

FD_C_BEGIN

/* norm[n]: squared 2-norm of rows[n][dim], float of a double sum in order. */
int fd_norms(const float *rows, int64_t n, int64_t dim, float *norm, fd_stream stream);

typedef struct fd_tile_side {
    const float *row;  /* [n][dim] */
    const float *norm; /* [n] of fd_norms */
    int64_t n;
} fd_tile_side;

/* out[a.n][b.n], rows `pitch` floats apart, as engine/distance.h defines a tile: from the float32 product, and where that is near the value of
 * kernels/math/pair.h. The value of a pair depends on its two rows alone, and is the same for (x, y) and (y, x). A row of
 * zeros gives NaN for the cosine; rows that are not finite give anything. */
int fd_distance_tile(int32_t metric, fd_tile_side a, fd_tile_side b, int64_t dim, float *out, int64_t pitch, fd_stream stream);

FD_C_END

#endif
