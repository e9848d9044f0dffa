/* Memory of one load: everything is freed together, and a hostile file cannot take more than the limit. */
#ifndef FD_NET_HEAP_H
#define FD_NET_HEAP_H

#include <stddef.h>

#include "base/status.h"

typedef struct fd_heap {
    void **blocks;
    size_t n, capacity;
    size_t used, limit;   /* bytes */
} fd_heap;

/* *out = count * size zeroed bytes, FD_ALIGN-aligned, valid until fd_heap_free; FD_NOMEM beyond the limit. Zero bytes give a valid pointer. */
fd_error *fd_heap_alloc(fd_heap *heap, void *out, size_t count, size_t size) FD_CHECK;
fd_error *fd_heap_text(fd_heap *heap, const char **out, const char *format, ...) __attribute__((format(printf, 3, 4))) FD_CHECK;
/* Counts memory that somebody else holds against the limit; 0 when it would exceed it. */
int fd_heap_charge(fd_heap *heap, size_t bytes);
void fd_heap_free(fd_heap *heap);

#endif
