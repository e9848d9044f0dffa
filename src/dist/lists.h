/* The nearest rows of every row, shared by the threads of a rank. A list depends on what was put into it and not on the order: by value, then by
 * index. Lists lie in the host's memory, a block of rows at a time, made when a block is first touched. */
#ifndef FD_DIST_LISTS_H
#define FD_DIST_LISTS_H

#include "engine/distance.h"

typedef struct fd_lists fd_lists;

/* For n rows in blocks of `side`. */
fd_error *fd_lists_open(fd_metric metric, int64_t n, int64_t side, int64_t k, fd_lists **out) FD_CHECK;
void fd_lists_close(fd_lists *l);   /* NULL is allowed */

/* Empty lists of one block, a thread's own; fd_lists_release them. */
fd_error *fd_lists_own(const fd_lists *l, fd_topk *out) FD_CHECK;
void fd_lists_release(fd_topk *own);

/* Locks a block's lists: they are in *out until fd_lists_unlock. */
fd_error *fd_lists_lock(fd_lists *l, int64_t block, fd_topk *out) FD_CHECK;
void fd_lists_unlock(fd_lists *l, int64_t block);

/* Copies a block's lists to a thread's own, which then know what is near already. */
fd_error *fd_lists_borrow(fd_lists *l, int64_t block, fd_topk *own) FD_CHECK;
/* Merges them back; what was borrowed counts once. */
fd_error *fd_lists_merge(fd_lists *l, int64_t block, const fd_topk *own) FD_CHECK;

/* Host memory, n rows: lists of `from` into those of `into`. scratch: k places. */
void fd_lists_join(fd_metric metric, const fd_topk *into, const fd_topk *from, int64_t n, const fd_topk *scratch);

/* Whether the block was ever touched: else its lists are empty. */
int fd_lists_touched(const fd_lists *l, int64_t block);

#endif
