/* Operators on pixels, naive: each output value by itself, from the definition. */
#ifndef FD_ENGINE_REF_IMAGE_H
#define FD_ENGINE_REF_IMAGE_H

#include "engine/ref/ref.h"
#include "kernels/math/pixels.h"

/* A picture is the caller's own pixels. */
typedef struct fd_ref_picture {
    fd_picture base;
    fd_pixels pixels;
} fd_ref_picture;

static inline const fd_pixels *fd_ref_pixels(const fd_picture *p)
{
    return &((const fd_ref_picture *)p)->pixels;
}

fd_error *fd_ref_cuts(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out,
                      uint8_t *bytes);

#endif
