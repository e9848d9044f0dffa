/* The two comparisons of non-maximum suppression. */
#ifndef FD_KERNELS_MATH_NMS_H
#define FD_KERNELS_MATH_NMS_H

#include "kernels/math/box.h"

/* width * height of what a and b share, sides `plus` longer than their difference; 0 when they are apart. */
FD_INLINE float fd_box_intersection(fd_box a, fd_box b, float plus)
{
    const float x1 = a.x1 > b.x1 ? a.x1 : b.x1, y1 = a.y1 > b.y1 ? a.y1 : b.y1;
    const float x2 = a.x2 < b.x2 ? a.x2 : b.x2, y2 = a.y2 < b.y2 ? a.y2 : b.y2;
    const float w = x2 - x1 + plus, h = y2 - y1 + plus;
    return (w > 0.0f ? w : 0.0f) * (h > 0.0f ? h : 0.0f);
}

/* Intersection over union > limit, no +1. Two empty boxes (0/0) do not suppress each other. */
FD_INLINE bool fd_nms_union(fd_box a, fd_box b, float limit)
{
    const float shared = fd_box_intersection(a, b, 0.0f);
    return shared / (fd_box_area(a) + fd_box_area(b) - shared) > limit;
}

/* Intersection over the smaller area, areas and overlaps with +1; suppresses unless <= limit (so NaN suppresses). */
FD_INLINE bool fd_nms_min(fd_box a, fd_box b, float limit)
{
    const float area_a = (a.x2 - a.x1 + 1.0f) * (a.y2 - a.y1 + 1.0f), area_b = (b.x2 - b.x1 + 1.0f) * (b.y2 - b.y1 + 1.0f);
    return !(fd_box_intersection(a, b, 1.0f) / (area_a < area_b ? area_a : area_b) <= limit);
}

#endif
