/* Rasters, fast: bytes are taken a vector at a time, a frame is walked once, and rows that a window needs stay in the cache. */
#ifndef FD_ENGINE_CPU_RASTER_H
#define FD_ENGINE_CPU_RASTER_H

#include "engine/cpu/cpu.h"

/* A window over rows that are there already: out[j] = sum over i, k, in this order, of taps[i * columns + k] * row[i][j + k * step]. */
typedef struct fd_taps {
    const float *const *row;   /* [rows] */
    int32_t rows, columns;
    int64_t step;              /* samples from one pixel to the next */
    const float *taps;         /* [rows][columns] */
} fd_taps;

/* What exists once per instruction set. */
typedef struct fd_raster_code {
    /* to[i] = from[i] ^ pattern[i % 24]; past: bytes that are written shall not stay in the caches. */
    void (*invert)(const uint8_t *from, uint8_t *to, int64_t bytes, const uint8_t pattern[24], bool past);
    /* gray[i] = that of pixel i, moved[i] = 255 where it differs by more than threshold from before[i], which may be gray[i]; whether any did. */
    bool (*moved)(const uint8_t *rgb, int64_t n, int threshold, const uint8_t *before, uint8_t *gray, uint8_t *moved);
    void (*gray)(const uint8_t *rgb, int64_t n, uint8_t *gray);
    void (*compare)(const uint8_t *gray, const uint8_t *before, int64_t n, int threshold, uint8_t *moved);
    /* mask[i] = the smallest of above, at and below at i - 1, i and i + 1; these rows reach from -1 to n. room [n + 2]. */
    bool (*erode)(const uint8_t *const row[3], int64_t n, uint8_t *room, uint8_t *mask);
    /* out = rgb with red 255 where mask is; may be in place. */
    void (*paint)(const uint8_t *rgb, const uint8_t *mask, int64_t n, uint8_t *out);
    void (*sum)(const fd_taps *t, int64_t n, float *out);
    void (*widen)(const void *from, fd_sample_type type, int64_t n, float *to);
    void (*narrow)(const float *from, fd_sample_type type, int64_t n, void *to);   /* rounded to nearest even, clamped; NaN: 0 */
} fd_raster_code;

extern const fd_raster_code fd_raster_base, fd_raster_avx2, fd_raster_avx512;

#endif
