/* A region of memory, whoever's, shared out in extents: the smallest free one that fits. It never touches the region. Not thread-safe. */
#ifndef FD_BASE_EXTENTS_H
#define FD_BASE_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct fd_extent fd_extent;
struct fd_extent {
    unsigned char *at;
    size_t bytes;
    bool used;
    fd_extent *before, *behind;
};

typedef struct fd_extents {
    size_t bytes, used, align;
    fd_extent *first;   /* in order of address; neighbours are never both free */
} fd_extents;

/* What is handed out begins `align` bytes (a power of two) apart; of the region, which begins at such an address, whole ones are used. FD_NOMEM only. */
fd_error *fd_extents_open(fd_extents *x, void *region, size_t bytes, size_t align) FD_CHECK;
void fd_extents_close(fd_extents *x);   /* a zeroed one is allowed */
/* *out = `bytes`, or NULL where no free extent is as large; 0 bytes give a valid address. FD_NOMEM: of the host, for the books. */
fd_error *fd_extents_take(fd_extents *x, size_t bytes, void **out) FD_CHECK;
void fd_extents_give(fd_extents *x, void *p);   /* one that was taken */

#endif
