/* What goes from stage to stage of the cascade: boxes with scores, ranked and thinned out. */
#ifndef FD_FACE_PROPOSAL_H
#define FD_FACE_PROPOSAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "kernels/math/box.h"

typedef struct fd_proposal {
    fd_box box;
    float score;        /* >= 0, of the last network that saw it */
    float move[4];      /* that network's regression */
    int32_t picture;    /* index in the call's list; a list of proposals is grouped by picture */
} fd_proposal;

/* Memory of ranking and suppressing, kept from call to call. Zero-initialise; fd_nms_work_free. */
typedef struct fd_nms_work {
    uint64_t *key;
    fd_proposal *copy;
    int32_t *head, *next;
    size_t capacity_key, capacity_copy, capacity_head, capacity_next;
} fd_nms_work;
void fd_nms_work_free(fd_nms_work *w);

typedef enum fd_tie { FD_EARLIER_FIRST, FD_LATER_FIRST } fd_tie;

/* Sorts p[n] by score, highest first, equal scores by their place in p. Scores are not NaN. */
fd_error *fd_rank(fd_nms_work *w, fd_proposal *p, int32_t n, fd_tie tie) FD_CHECK;

typedef enum fd_overlap {
    FD_OVERLAP_UNION,   /* intersection over union > limit (0.5 .. 1) suppresses */
    FD_OVERLAP_MIN      /* intersection over the smaller area, with +1, not <= limit suppresses */
} fd_overlap;

/* Greedy non-maximum suppression of p[*n], best first: each box that overlaps an earlier survivor too much goes, the others move up in their
 * order. Memory is linear in *n; over UNION so is time, unless thousands of boxes share one place without suppressing each other. */
fd_error *fd_suppress(fd_nms_work *w, fd_proposal *p, int32_t *n, fd_overlap overlap, float limit) FD_CHECK;

#endif
