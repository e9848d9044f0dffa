/* Connected regions of a mask: pixels that touch at a side or a corner. */
#ifndef FD_RUN_REGIONS_H
#define FD_RUN_REGIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct fd_region_box {
    int32_t x1, y1, x2, y2;   /* columns x1 .. x2 - 1, rows y1 .. y2 - 1 */
    int64_t area;             /* pixels of the region */
} fd_region_box;

/* Memory that is kept from mask to mask. Zero-initialise; fd_regions_free. */
typedef struct fd_regions {
    fd_region_box *box;       /* [n] largest area first, of equal ones the upper, then the left one */
    int64_t n;
    int64_t *parent;          /* of runs of set pixels; unions point at the earlier run */
    fd_region_box *run;
    size_t boxes, parents, runs;
} fd_regions;

/* mask [height][width]: 255 where it is set, else 0. */
fd_error *fd_regions_find(fd_regions *r, const uint8_t *mask, int32_t width, int32_t height) FD_CHECK;
void fd_regions_free(fd_regions *r);

#endif
