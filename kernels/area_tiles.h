/* Tiles of pyramid levels from photographs of bytes. */
#ifndef FD_KERNELS_AREA_TILES_H
#define FD_KERNELS_AREA_TILES_H

#include "kernels/kernel.h"
#include "kernels/math/pixels.h"

FD_C_BEGIN

/* Rows y .. y + height - 1 and columns likewise of a level of rows x columns of picture p; element (c, i, j) goes to
 * out[offset + c * plane_pitch + i * row_pitch + j]. */
typedef struct fd_area_tile {
    fd_pixels picture;
    int32_t rows, columns;
    int32_t y, x, height, width;
    int64_t offset, row_pitch, plane_pitch;
} fd_area_tile;

/* tiles[n]; no tile is larger than height x width. Area means, normalised as the cascade's networks take them. */
int fd_area_tiles(const fd_area_tile *tiles, int64_t n, int32_t height, int32_t width, float *out, fd_stream stream);

FD_C_END

#endif
