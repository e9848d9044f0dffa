/* Two result files compared bit for bit: everything outside /run. */
#ifndef FD_STORE_DIFFER_H
#define FD_STORE_DIFFER_H

#include "store/result.h"

typedef struct fd_difference {
    const char *path;       /* of the dataset or group; an attribute is "/faces/box@unit" */
    const char *what;       /* "values", "shape", "only in the first file", ... */
    const char *detail;     /* the two shapes or types; for values the first place that differs, "[3][17]"; may be "" */
    int64_t elements;       /* how many values differ; -1: does not apply */
    double largest;         /* the largest difference of two numbers; NAN: not numbers, or NaN against a number */
} fd_difference;

typedef struct fd_differ_sum { int64_t datasets, attributes, bytes, differences; } fd_differ_sum;

/* Calls `each` for every difference: attributes of the root first, then groups, then datasets, sorted by path. Equal is: same shape, same type,
 * same bytes (NaNs too). Object references (of dimension scales) are places in a file, so only their presence is compared. Large datasets are
 * read in slabs. */
fd_error *fd_result_differ(fd_result *a, fd_result *b, fd_error *(*each)(void *self, const fd_difference *d), void *self, fd_differ_sum *sum) FD_CHECK;

#endif
