/* Operators on pixels: a photograph goes to the engine once; only boxes and embeddings come back. */
#ifndef FD_ENGINE_IMAGE_H
#define FD_ENGINE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/* A photograph in the engine's memory. width, height: 1..65535. An engine's own members (tables, sums) follow. */
typedef struct fd_picture { fd_engine *engine; int32_t width, height; } fd_picture;

/* A rectangle of one level of a picture's pyramid. Level pixel (y, x) is the plain mean of source rows floor(y * H / level_height) ..
 * ceil((y + 1) * H / level_height) - 1, columns likewise, computed as float(sum) / rows / columns from the exact integer sum, then
 * (v - 127.5f) * 0.0078125f. */
typedef struct fd_tile {
    int32_t picture;                         /* index in the call's list */
    int32_t level_height, level_width;
    int32_t y, x, height, width;             /* part of the level */
    int64_t offset, row_pitch, plane_pitch;  /* in floats: pixel (c, i, j) goes to out[offset + c * plane_pitch + i * row_pitch + j] */
} fd_tile;

/* Part of P-Net's answer to be searched: cells (i, j), 0 <= i < height, 0 <= j < width of a tile whose first cell is (row, column) of
 * its level. */
typedef struct fd_region {
    int32_t tag;                             /* given back in each candidate (which picture and level) */
    int32_t row, column, height, width;
    const float *prob;                       /* [height][width] of class 1, row pitch `pitch` floats */
    const float *box;                        /* [4] planes of the same, `plane` floats apart */
    int64_t pitch, plane;
} fd_region;

typedef struct fd_candidate {
    int32_t tag, row, column;                /* cell of the level */
    float score;
    float box[4];                            /* regressions */
} fd_candidate;

/* A patch of the cascade: source rows y1..y2-1, columns x1..x2-1 (0-based, end exclusive), within the picture and not empty. */
typedef struct fd_patch { int32_t picture; int32_t x1, y1, x2, y2; } fd_patch;

/* How a box is resampled. FD_BILINEAR: four neighbours, no antialias, pixel centres at half-integers, the box's edge repeated, in double and
 * rounded once to float32. FD_PIL_BILINEAR: Pillow's BILINEAR in 8 bits, columns first, antialiased when shrinking. FD_AREA: plain means, as
 * for tiles. */
typedef enum fd_resample { FD_BILINEAR, FD_PIL_BILINEAR, FD_AREA } fd_resample;

/* A face to be cut out for the embedder. */
typedef struct fd_cut {
    int32_t picture;
    bool warp;                               /* true: by `map`, false: `box` */
    double map[6];                           /* source x = map[0] * x + map[1] * y + map[2], source y = map[3] * x + ...; pixel centres at
                                              * integers, bilinear, 0 outside, computed in double, rounded once to float32 */
    int32_t box[4];                          /* x1, y1, x2, y2, end exclusive, within the picture; an empty one gives black pixels */
    fd_resample resample;                    /* of a box */
} fd_cut;

typedef struct fd_cut_format {
    int32_t width, height;                   /* of the embedder's input */
    bool bgr;
    float mean[3], std[3];                   /* per channel in the order of the input; out = (v - mean) / std */
} fd_cut_format;

typedef struct fd_image_table {
    /* Takes rgb (host, [height][width][3], row pitch in bytes); the caller keeps it alive until picture_close, and unchanged. */
    fd_error *(*picture_open)(fd_lane *lane, const uint8_t *rgb, int32_t width, int32_t height, int64_t pitch, fd_picture **out);
    void (*picture_close)(fd_picture *picture);
    /* Level tiles, normalised. Pixels of `out` that no tile covers are left alone. */
    fd_error *(*tiles)(fd_lane *lane, fd_picture *const *pictures, const fd_tile *tiles, int n, float *out);
    /* Cells with prob >= threshold, in the order region, row, column; *found may exceed capacity: then only the first `capacity` were
     * stored and the caller asks again with more room. `out` is host memory, complete on return. */
    fd_error *(*candidates)(fd_lane *lane, const fd_region *regions, int n, float threshold, fd_candidate *out, int64_t capacity, int64_t *found);
    /* out[n][3][side][side]: area resampling and normalisation as for tiles. */
    fd_error *(*patches)(fd_lane *lane, fd_picture *const *pictures, const fd_patch *patches, int n, int side, float *out);
    /* out[n][3][height][width] normalised by the format; bytes (host, may be NULL): [n][height][width][3] RGB, 0..255, what the embedder
     * sees (a warp's values rounded to nearest). */
    fd_error *(*cuts)(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out, uint8_t *bytes);
    /* Each row divided by its 2-norm (double sum, in order); a row whose norm is 0 or not finite is left as it is. */
    fd_error *(*l2_rows)(fd_lane *lane, float *rows, int64_t n, int64_t dim);
} fd_image_table;

#endif
