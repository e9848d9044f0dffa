/* A list of pairs of photographs, and the embeddings of the largest face of each. */
#ifndef FD_RUN_EVAL_PAIRS_H
#define FD_RUN_EVAL_PAIRS_H

#include "dist/roc.h"

/* Why pairs are left out. The first that holds for either image, in this order. */
typedef enum fd_left_out { FD_NO_IMAGE, FD_NO_FACE, FD_NO_EMBEDDING, FD_LEFT_OUT_COUNT } fd_left_out;

typedef struct fd_pairs {
    int64_t length;                    /* of the list */
    fd_trial *trial;                   /* [n] those that can be scored, in the list's order */
    int64_t *position;                 /* [n] of each in the list */
    int64_t n, same;                   /* same: of the n */
    int64_t left_out[FD_LEFT_OUT_COUNT];
} fd_pairs;

/* The list: a line "image TAB image TAB 1|0" each, 1 for the same person; empty lines and those that begin with # are passed over. An image is named by
 * its key in the result or, where that is not there, by the end of a key (or a longer path that ends in a key), whole names only, if just one image
 * has it. fd_pairs_free in any case. */
fd_error *fd_pairs_read(const char *result, const char *list, fd_metric metric, fd_pairs *out) FD_CHECK;
void fd_pairs_free(fd_pairs *pairs);

#endif
