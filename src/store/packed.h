/* Chunks of a compressed dataset: shuffled bytes, deflated, as HDF5's filters of these names make and read them. Anybody packs, rank 0 puts them into
 * the file: how long they become is known too late for a place of their own. */
#ifndef FD_STORE_PACKED_H
#define FD_STORE_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* n values of `item` bytes. free(*out). Any thread. */
fd_error *fd_chunk_pack(const void *values, size_t n, size_t item, uint8_t **out, size_t *bytes) FD_CHECK;
/* What fd_chunk_pack makes of so many bytes, at most. */
size_t fd_chunk_pack_bound(size_t bytes);

typedef struct fd_packed_chunk { int64_t row, column; const uint8_t *bytes; size_t n; } fd_packed_chunk;   /* of the first element */

/* Rank 0, while no writer is open: puts all chunks that `next` gives (n = 0: no more) into a 2-D dataset. */
fd_error *fd_result_fill(const char *temporary, const char *path, fd_error *(*next)(void *self, fd_packed_chunk *out), void *self) FD_CHECK;

#endif
