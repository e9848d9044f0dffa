/* Operators on pixels, fast. Sums of bytes are integers, so their order is free: rows are added first, a vector of columns at a time, then the
 * few columns of each window. Everything that rounds is done as kernels/math says, so that the bits are those of the reference engine. */
#ifndef FD_ENGINE_CPU_IMAGE_H
#define FD_ENGINE_CPU_IMAGE_H

#include "engine/cpu/cpu.h"
#include "kernels/math/pixels.h"

/* A picture is the caller's own pixels. */
typedef struct fd_cpu_picture {
    fd_picture base;
    fd_pixels pixels;
} fd_cpu_picture;

static inline const fd_pixels *fd_cpu_pixels(const fd_picture *p)
{
    return &((const fd_cpu_picture *)p)->pixels;
}

enum { FD_AREA_PAD = 16 }; /* floats of the longest vector: row buffers are read, but not stored, so far beyond their end */

/* Area resampling of a source rectangle to a grid of rows x columns, or to a part of it. The first block is the caller's, the rest is filled
 * by fd_area_run. */
typedef struct fd_area {
    const uint8_t *rgb;                  /* first pixel of the rectangle */
    int64_t pitch;                       /* bytes */
    int32_t width, height;               /* of the rectangle */
    int32_t rows, columns;               /* of the whole grid */
    int32_t y, x, out_height, out_width; /* the part of the grid that is wanted */
    float *out;                          /* pixel (c, i, j) goes to out[c * plane_pitch + i * row_pitch + j] */
    int64_t row_pitch, plane_pitch;
    float shift, factor; /* out = (mean - shift) * factor */

    int32_t next;        /* the row to be made next */
    int32_t first, span; /* source columns that are read */
    int32_t taps;        /* columns in every window; some have one more */
    int64_t largest;     /* a bound on the pixels of a window */
    int32_t *begin;      /* [out_width] where a window starts in a row of sums; elements */
    int32_t *extra;      /* [out_width] where its further column is; 0, where sums are 0, if it has none */
    float *count;        /* [out_width + FD_AREA_PAD] columns of a window */
} fd_area;

/* Buffers of one row, for the widest area of a run. */
typedef struct fd_area_space {
    uint16_t *narrow;   /* sums over rows: one zero pixel, then span pixels of 3 */
    uint32_t *wide;     /* the same for areas whose windows are higher than 16 bits can count */
    uint32_t (*sum)[4]; /* sums over windows: R, G, B and one that is not used */
} fd_area_space;

/* Weights of one axis of a resize as Pillow does it. */
typedef struct fd_pil_plan {
    int32_t outputs, taps;
    int32_t *first, *count; /* [outputs]: inputs first .. first + count - 1 */
    int32_t *weight;        /* [outputs][taps] */
} fd_pil_plan;

/* What exists once per instruction set. */
typedef struct fd_image_code {
    /* Makes the rows, from `next` on, whose windows end at source row `limit` at the latest. */
    void (*area)(fd_area *a, const fd_area_space *space, int64_t limit);
    /* out[c * plane_pitch + j] = bilinear value of 0..255 at s[j], 0 outside the picture; pixels: room for [n + FD_AREA_PAD][4]. */
    void (*sample)(const fd_pixels *p, const fd_sample *s, int32_t n, float (*pixels)[4], float *out, int64_t plane_pitch);
    /* One row of Pillow's first pass: pixel j of out is made from the pixels of `row` that p gives it. Rows are 1 byte longer than their
     * pixels. */
    void (*pil_row)(const uint8_t *row, const fd_pil_plan *p, uint8_t *out);
    /* One row of its second pass: out[k] from bytes k of `count` rows that are `pitch` bytes apart. */
    void (*pil_column)(const uint8_t *rows, int64_t pitch, const int32_t *weight, int32_t count, int32_t n, float *out);
    /* out = (v - mean) / std. */
    void (*format)(const float *v, int64_t n, float mean, float std, float *out);
    /* Whether any of p[n] is >= threshold. */
    bool (*any)(const float *p, int64_t n, float threshold);
} fd_image_code;

extern const fd_image_code fd_image_base, fd_image_avx2, fd_image_avx512;
const fd_image_code *fd_image_code_of(const fd_engine *e);

/* Memory that a call keeps from run to run. Zero-initialise; free(memory). */
typedef struct fd_area_memory {
    void *memory;
    size_t bytes;
} fd_area_memory;

/* Makes n areas of one picture, all of the same height: the source is walked once, strip by strip, for all of them. */
fd_error *fd_area_run(const fd_image_code *code, fd_area *areas, int n, fd_area_memory *memory) FD_CHECK;

fd_error *fd_cpu_cuts(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out,
                      uint8_t *bytes);

#endif
