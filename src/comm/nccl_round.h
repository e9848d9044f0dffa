/* An all-gather of unequal parts, cut into rounds that fit into staging memory. */
#ifndef FD_COMM_NCCL_ROUND_H
#define FD_COMM_NCCL_ROUND_H

#include <stdbool.h>
#include <stdint.h>

enum { FD_NCCL_SLABS = 2, FD_NCCL_ALIGN = 16 };   /* bytes: NCCL copies aligned data in words of 16 */

/* One round, the same on every rank: bytes[r] from offset `at` of rank r's part, at place[r] of a slab. */
typedef struct fd_nccl_round {
    int slab, ranks;
    int64_t at, part;        /* offset in every rank's part, and the most that one rank sends: the next round begins at at + part */
    bool padded;             /* all send `width` bytes to places r * width, in one call; else each what it has, by grouped broadcasts */
    int64_t width;           /* of the longest, aligned */
    int64_t end;             /* bytes of the slab that are used, at most its size */
    int64_t *bytes, *place;  /* [ranks], of the caller; places are multiples of FD_NCCL_ALIGN */
} fd_nccl_round;

/* The round that begins at `at`, for parts of counts[ranks] bytes of which at least one is longer than `at`. slab >= ranks * FD_NCCL_ALIGN.
 * Padding is chosen where it sends at most a quarter more. */
void fd_nccl_round_plan(const int64_t *counts, int64_t at, int64_t slab, fd_nccl_round *r);

#endif
