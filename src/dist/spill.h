/* Pairs within the radius, more than memory holds: a buffer that is sorted and written to a file when it is full, and read back merged, row by row. One
 * per thread, and one per file that an interrupted run left. */
#ifndef FD_DIST_SPILL_H
#define FD_DIST_SPILL_H

#include <stdbool.h>

#include "engine/distance.h"

typedef struct fd_spill fd_spill;

/* A sorted stretch of the file: so many pairs, with the CRC-32C of their bytes. They lie one after the other. */
typedef struct fd_spill_run { int64_t pairs, crc; } fd_spill_run;

/* path: the file, made when it is needed and left to the caller. capacity: pairs in memory (24 bytes each). mirrored: a pair (i, j) also stands for
 * (j, i). row_counts: the pairs that begin with each row are added to it when they are spilled, atomically; complete after fd_spill_rewind. */
fd_error *fd_spill_open(const char *path, int64_t capacity, bool mirrored, int64_t *row_counts, fd_spill **out) FD_CHECK;
/* The first n runs of a file that another process left, to be taken back with the rest: their pairs, which must be of `rows` rows, are added to
 * row_counts. FD_FORMAT where the file is not as its runs say. */
fd_error *fd_spill_adopt(const char *path, const fd_spill_run *run, size_t n, int64_t rows, int64_t *row_counts, fd_spill **out) FD_CHECK;
void fd_spill_close(fd_spill *s);   /* NULL is allowed */
/* The buffer to sweep into, with room for at least `room` (<= capacity) pairs more. */
fd_error *fd_spill_buffer(fd_spill *s, int64_t room, fd_pair **pair, int64_t **count, int64_t *capacity) FD_CHECK;

/* Writes what is in memory and makes the file durable; the runs that it then has, borrowed until the next call. */
fd_error *fd_spill_save(fd_spill *s, const fd_spill_run **run, size_t *n) FD_CHECK;

/* Before the first fd_spill_take: no pairs are added from now on. */
fd_error *fd_spill_rewind(fd_spill *s) FD_CHECK;
/* Appends the pairs that begin with rows below `end` and were not taken yet to *pair. */
fd_error *fd_spill_take(fd_spill *s, int64_t end, fd_pair **pair, size_t *n, size_t *capacity) FD_CHECK;

/* By row, then by column. */
void fd_pairs_sort(fd_pair *pair, size_t n);

#endif
