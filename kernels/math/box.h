/* Box geometry of the detection cascade (Zhang et al. 2016), float32 throughout, each operation in the order of the published code. */
#ifndef FD_KERNELS_MATH_BOX_H
#define FD_KERNELS_MATH_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/math/inline.h"

typedef struct fd_box {
    float x1, y1, x2, y2; /* pixels of the photograph */
} fd_box;

/* Rows y1..y2-1, columns x1..x2-1 of the photograph: 0-based, end exclusive. */
typedef struct fd_window {
    int32_t x1, y1, x2, y2;
} fd_window;

/* Toward zero; what no int32 pixel can be (beyond +-2^30) is clamped, NaN is the lower limit. */
FD_INLINE int32_t fd_truncate(float v)
{
    const float limit = 1073741824.0f;
    if (!(v > -limit))
        return -1073741824;
    return v < limit ? (int32_t)v : 1073741824;
}

/* Toward minus infinity, for |v| < 2^31; larger ones have no fraction. */
FD_INLINE float fd_floorf(float v)
{
    if (!(v > -2147483648.0f && v < 2147483648.0f))
        return v;
    const float t = (float)(int32_t)v;
    return t > v ? t - 1.0f : t;
}

/* The 12x12 window that P-Net's cell (row, column) saw, in the photograph. scale: (float) of level size over photograph size. */
FD_INLINE fd_box fd_box_of_cell(int32_t row, int32_t column, float scale)
{
    fd_box b;
    b.x1 = fd_floorf((float)(2 * column + 1) / scale);
    b.y1 = fd_floorf((float)(2 * row + 1) / scale);
    b.x2 = fd_floorf((float)(2 * column + 12) / scale);
    b.y2 = fd_floorf((float)(2 * row + 12) / scale);
    return b;
}

/* Moves the sides by d (fractions of width and height). plus: what a box's width is beyond x2 - x1; 0 after P-Net, 1 after R- and O-Net. */
FD_INLINE fd_box fd_box_regress(fd_box b, const float d[4], float plus)
{
    const float w = b.x2 - b.x1 + plus, h = b.y2 - b.y1 + plus;
    fd_box r;
    r.x1 = b.x1 + d[0] * w;
    r.y1 = b.y1 + d[1] * h;
    r.x2 = b.x2 + d[2] * w;
    r.y2 = b.y2 + d[3] * h;
    return r;
}

/* The square of the longer side about the same centre. */
FD_INLINE fd_box fd_box_square(fd_box b)
{
    const float w = b.x2 - b.x1, h = b.y2 - b.y1, l = w > h ? w : h;
    fd_box r;
    r.x1 = b.x1 + w * 0.5f - l * 0.5f;
    r.y1 = b.y1 + h * 0.5f - l * 0.5f;
    r.x2 = r.x1 + l;
    r.y2 = r.y1 + l;
    return r;
}

FD_INLINE float fd_box_area(fd_box b)
{
    return (b.x2 - b.x1) * (b.y2 - b.y1);
}

/* What a network of the cascade looks at for box b in a photograph of width x height; false: nothing is left, and the box is dropped. */
FD_INLINE bool fd_box_patch(fd_box b, int32_t width, int32_t height, fd_window *out)
{
    const int32_t x1 = fd_truncate(b.x1), y1 = fd_truncate(b.y1), x2 = fd_truncate(b.x2), y2 = fd_truncate(b.y2);
    out->x1 = (x1 < 1 ? 1 : x1) - 1;
    out->y1 = (y1 < 1 ? 1 : y1) - 1;
    out->x2 = x2 > width ? width : x2;
    out->y2 = y2 > height ? height : y2;
    return out->x2 > out->x1 && out->y2 > out->y1;
}

/* One coordinate of a landmark from O-Net's p (fraction of the box) and the box's sides before regression. */
FD_INLINE float fd_box_landmark(float low, float high, float p)
{
    return (high - low + 1.0f) * p + low - 1.0f;
}

typedef struct fd_crop_shape {
    int32_t width, height; /* of the embedder's input */
    int32_t margin;        /* pixels of that input around the box, both sides together; < width and < height */
} fd_crop_shape;

/* The part of a photograph of width x height that a "box" crop takes for b; may be empty. */
FD_INLINE fd_window fd_box_crop(fd_box b, fd_crop_shape s, int32_t width, int32_t height)
{
    const float mx = (float)s.margin * (b.x2 - b.x1) / (float)(s.width - s.margin);
    const float my = (float)s.margin * (b.y2 - b.y1) / (float)(s.height - s.margin);
    const float x1 = b.x1 - mx / 2.0f, y1 = b.y1 - my / 2.0f, x2 = b.x2 + mx / 2.0f, y2 = b.y2 + my / 2.0f;
    fd_window r;
    r.x1 = fd_truncate(x1 > 0.0f ? x1 : 0.0f);
    r.y1 = fd_truncate(y1 > 0.0f ? y1 : 0.0f);
    r.x2 = fd_truncate(x2 < (float)width ? x2 : (float)width);
    r.y2 = fd_truncate(y2 < (float)height ? y2 : (float)height);
    return r;
}

#endif
