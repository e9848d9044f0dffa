/* Faces of photographs: detection cascade (Zhang et al. 2016, MTCNN, as design section 5 defines it), choice, alignment, embedding. */
#ifndef FD_FACE_FACE_H
#define FD_FACE_FACE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/image.h"
#include "face/pack.h"

typedef struct fd_face {
    float box[4];              /* x1, y1, x2, y2 in upright pixels */
    float landmark[5][2];      /* x, y: left eye, right eye, nose, left and right corner of the mouth, as seen in the picture */
    float score;               /* O-Net's probability, 0..1 */
} fd_face;

/* The faces of one picture, in final order. Zero-initialise; fd_faces_free. */
typedef struct fd_faces { fd_face *face; int n; } fd_faces;
void fd_faces_free(fd_faces *f);

typedef enum fd_choice { FD_FACES_LARGEST, FD_FACES_BEST, FD_FACES_CENTER, FD_FACES_ALL } fd_choice;   /* order of --faces' choices */

typedef struct fd_analyzer fd_analyzer;   /* a pack on an engine: immutable, shared by all threads */

typedef struct fd_analyzer_config {
    double min_face;           /* pixels, >= 12 */
    double thresholds[3];
    double factor;
    fd_choice choice;
} fd_analyzer_config;

fd_error *fd_analyzer_open(fd_engine *e, const fd_pack *pack, const fd_analyzer_config *config, fd_analyzer **out) FD_CHECK;

/* Shapes of the batches. They are fixed as long as an analyzer lives. */
typedef struct fd_batches {
    int64_t strip;                           /* level pixels at a time, where P-Net takes any size; 0: do not ask for that */
    int64_t canvases;                        /* a batch of them, where it takes one */
    int32_t canvas;                          /* their side: odd */
    int64_t rnet, onet, embedder;
} fd_batches;
extern const fd_batches fd_default_batches;
/* Those that fill the engine's device, halved so many times; false when they were the smallest before. */
bool fd_batches_for(const fd_engine *e, int halvings, fd_batches *out);
fd_error *fd_analyzer_open_with(fd_engine *e, const fd_pack *pack, const fd_analyzer_config *config, const fd_batches *batches,
                                fd_analyzer **out) FD_CHECK;
/* Takes the device memory that `lanes` lanes at work need beside the photographs, so that a shape that is too large shows before the first of them:
 * FD_NOMEM. */
fd_error *fd_analyzer_rehearse(const fd_analyzer *a, int lanes) FD_CHECK;
void fd_analyzer_close(fd_analyzer *a);   /* NULL is allowed; before its engine and pack */

/* Finds the faces of n pictures together; faces[i] are those of pictures[i], largest first, then reduced by the choice. R-Net and O-Net run
 * on fixed batches across the pictures. An image gets the same faces whatever its company. */
fd_error *fd_detect(const fd_analyzer *a, fd_lane *lane, fd_picture *const *pictures, int n, fd_faces *faces) FD_CHECK;

/* Embeds all faces of n pictures, in order picture, face. embedding (host): [m][dim], m = sum of faces[i].n; valid[m]: 0 for a NaN, infinite
 * or zero embedding; crops (host, may be NULL): [m][height][width][3]. */
fd_error *fd_embed(const fd_analyzer *a, fd_lane *lane, fd_picture *const *pictures, const fd_faces *faces, int n, float *embedding,
                   uint8_t *valid, uint8_t *crops) FD_CHECK;

/* Umeyama 1991, without reflection: the similarity that takes from[5] to to[5] with least squared error, as {a, -b, tx, b, a, ty}: x' = a x -
 * b y + tx. False when the points coincide. */
bool fd_similarity(const double from[5][2], const double to[5][2], double map[6]);

#endif
