/* Allocation that checks its arithmetic. All failures are FD_NOMEM errors that say how much was asked for. */
#ifndef FD_BASE_MEMORY_H
#define FD_BASE_MEMORY_H

#include <stddef.h>

#include "base/status.h"

enum { FD_ALIGN = 64 };   /* bytes: one cache line, one AVX-512 vector */

/* *out = count * size zeroed bytes; a product that overflows is FD_NOMEM; count 0 gives a valid pointer. free() it. */
fd_error *fd_alloc(void *out, size_t count, size_t size) FD_CHECK;

/* The same, aligned to FD_ALIGN, contents undefined, size rounded up to a multiple of FD_ALIGN. free() it. */
fd_error *fd_alloc_aligned(void *out, size_t count, size_t size) FD_CHECK;

/* Grows *array (realloc) so that it holds at least `need` elements of `size` bytes; *capacity is kept. Growth is by doubling. */
fd_error *fd_grow(void *array, size_t *capacity, size_t need, size_t size) FD_CHECK;

/* *out = a copy of text. free() it. */
fd_error *fd_strdup(char **out, const char *text) FD_CHECK;

#endif
