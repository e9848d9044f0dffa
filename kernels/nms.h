/* Non-maximum suppression of boxes on the device. */
#ifndef FD_KERNELS_NMS_H
#define FD_KERNELS_NMS_H

#include "kernels/kernel.h"
#include "kernels/math/nms.h"

FD_C_BEGIN

typedef struct fd_nms_boxes {
    const fd_box *box;    /* [n] */
    const float *score;   /* [n], >= 0, not NaN */
    const int32_t *group; /* [n], not descending (a level, a photograph); boxes of two groups do not meet */
    int64_t n;            /* 0 <= n < 2^31 */
} fd_nms_boxes;

typedef struct fd_nms_rule {
    float limit;
    int32_t overlap;     /* 0: union, 1: min (kernels/math/nms.h) */
    int32_t later_first; /* of equal scores: 0 the earlier, 1 the later box goes first */
} fd_nms_rule;

typedef struct fd_nms_kept {
    int32_t *index; /* [n]: boxes that stay, group by group, best first */
    int64_t *count; /* [1] */
} fd_nms_kept;

int64_t fd_nms_scratch(int64_t n); /* bytes */
int fd_nms(fd_nms_boxes boxes, fd_nms_rule rule, fd_nms_kept kept, void *scratch, fd_stream stream);

FD_C_END

#endif
