/* Photographs in the GPU's memory. */
#ifndef FD_ENGINE_CUDA_IMAGE_H
#define FD_ENGINE_CUDA_IMAGE_H

#include "engine/cuda/cuda.h"
#include "kernels/area_tiles.h"
#include "kernels/math/box.h"

/* --- lane.c --------------------------------------------------------------------------------------------------------------------------------- */

/* Rows of host memory, to be packed one behind the other. */
typedef struct fd_cuda_rows { const unsigned char *from; int64_t pitch; size_t bytes; int64_t n; } fd_cuda_rows;   /* bytes of a row: at most 1 MiB */
fd_error *fd_cuda_upload_rows(fd_cuda_lane *lane, void *to, const fd_cuda_rows *rows) FD_CHECK;
/* The same from page-locked rows of any length: the GPU reads them itself, so they stay as they are until the lane has been waited for. */
fd_error *fd_cuda_upload_pinned(fd_cuda_lane *lane, void *to, const fd_cuda_rows *rows) FD_CHECK;

/* --- image.c -------------------------------------------------------------------------------------------------------------------------------- */

typedef struct fd_cuda_picture {
    fd_picture base;
    fd_cuda_lane *lane;   /* that it was opened on and is used by */
    uint8_t *memory;      /* NULL: too large for the engine's memory; parts of it are sent when they are needed */
    const uint8_t *host;  /* the caller's, alive until the picture is closed */
    bool pinned;          /* it is page-locked: the GPU reads it by itself */
    int64_t host_pitch;
    fd_pixels pixels;     /* of memory */
} fd_cuda_picture;

static inline const fd_cuda_picture *fd_cuda_picture_of(const fd_picture *p)
{
    return (const fd_cuda_picture *)p;
}

static inline bool fd_cuda_is_resident(const fd_picture *p)
{
    return fd_cuda_picture_of(p)->memory != NULL;
}

/* Of a resident picture. */
static inline const fd_pixels *fd_cuda_pixels(const fd_picture *p)
{
    return &((const fd_cuda_picture *)p)->pixels;
}

/* --- window.c: pictures that are not resident --------------------------------------------------------------------------------------------- */

/* The picture's rows, as fd_cuda_upload_rows has them, without a copy on the host where it is pinned. */
fd_error *fd_cuda_upload_pixels(const fd_cuda_picture *picture, void *to, const fd_cuda_rows *rows) FD_CHECK;
/* The lane's window has room for `bytes` now, and for what is worth sending at once at least. */
fd_error *fd_cuda_window_room(fd_cuda_lane *lane, size_t bytes) FD_CHECK;
/* *out = the picture for kernels that are queued next and read nothing outside `part`, which is not empty. */
fd_error *fd_cuda_window(const fd_cuda_picture *picture, fd_window part, fd_pixels *out) FD_CHECK;

typedef struct fd_cuda_area { const fd_cuda_picture *picture; fd_window frame; float *out; } fd_cuda_area;   /* frame: what is resampled */
/* The tile (but for its picture) of the frame's area means, in as many parts as the window takes. */
fd_error *fd_cuda_area_parts(const fd_cuda_area *area, fd_area_tile tile) FD_CHECK;
/* What a cut reads of a picture of width x height; never empty. */
fd_window fd_cuda_read_by_cut(const fd_cut *cut, const fd_cut_format *format, int32_t width, int32_t height);

fd_error *fd_cuda_candidates(fd_lane *lane, const fd_region *regions, int n, float threshold, fd_candidate *out, int64_t capacity, int64_t *found) FD_CHECK;
fd_error *fd_cuda_cuts(fd_lane *lane, fd_picture *const *pictures, const fd_cut *cuts, int n, const fd_cut_format *format, float *out,
                       uint8_t *bytes) FD_CHECK;

#endif
