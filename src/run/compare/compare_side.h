/* One side of a comparison with a tolerance: the faces of a result file, and which images and faces of two sides belong together. */
#ifndef FD_RUN_COMPARE_SIDE_H
#define FD_RUN_COMPARE_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/result.h"

typedef struct fd_side {
    int64_t images, faces, dim;    /* dim 0: no embeddings */
    char **path;                   /* [images] */
    int32_t *status;               /* [images]; NULL: the file has none */
    int64_t *sorted;               /* [images]: by path, bytewise */
    int64_t *first, *face;         /* image i has faces face[first[i]..first[i+1]-1] */
    float *box;                    /* [faces][4] */
    float *landmark;               /* [faces][10]; NULL: none */
    float *score;                  /* [faces]; NULL: none */
    float *embedding;              /* [faces][dim]; NULL: none */
} fd_side;

/* Reads what a comparison needs. Files of others are welcome: only /images/path, /faces/image and /faces/box must be there. */
fd_error *fd_side_read(fd_result *r, const char *name, fd_side *out) FD_CHECK;
void fd_side_free(fd_side *s);

typedef struct fd_match {
    int64_t *image;                /* [n_images][2]: image of a, image of b; -1: only the other has it; sorted by path */
    int64_t n_images, common;
    int64_t *face;                 /* [n_faces][2]: face of a, face of b, one to one, in images that both have */
    int64_t n_faces;
    int64_t faces[2];              /* of a and b in images that both have */
} fd_match;

/* Images by path, faces greedily by IoU: the pair with the largest one first, down to `iou`. */
fd_error *fd_match_sides(const fd_side *a, const fd_side *b, double iou, fd_match *out) FD_CHECK;
void fd_match_free(fd_match *m);

#endif
