/* Operators on pixels, naive: each output value by itself, from the definition. */
#ifndef FD_ENGINE_REF_IMAGE_H
#define FD_ENGINE_REF_IMAGE_H

#include "engine/ref/ref.h"

/* A picture is the caller's own pixels. */
typedef struct fd_ref_picture {
    fd_picture base;
    const uint8_t *rgb; /* [height][width][3], rows `pitch` bytes apart */
    int64_t pitch;
} fd_ref_picture;

/* Channel c of pixel (y, x). */
static inline uint8_t fd_ref_pixel(const fd_ref_picture *p, int64_t y, int64_t x, int c)
{
    return p->rgb[y * p->pitch + x * 3 + c];
}

/* A rectangle of a picture (rows y .. y + height - 1, columns likewise) that is resampled to rows x columns. */
typedef struct fd_ref_area {
    int32_t x, y, width, height;
    int32_t rows, columns;
} fd_ref_area;

/* Output (i, j), channel c: the plain mean over its window, 0..255. */
float fd_ref_area_pixel(const fd_ref_picture *p, const fd_ref_area *a, int32_t i, int32_t j, int c);

fd_error *fd_ref_cuts(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out,
                      uint8_t *bytes);

#endif
