/* Boxes of photographs resampled for the embedder. */
#ifndef FD_KERNELS_BOX_CROP_H
#define FD_KERNELS_BOX_CROP_H

#include "kernels/align_warp.h"
#include "kernels/math/box.h"

FD_C_BEGIN

/* As fd_resample of engine/image.h. */
typedef enum fd_crop_kind { FD_CROP_BILINEAR, FD_CROP_PIL, FD_CROP_AREA } fd_crop_kind;

typedef struct fd_crop {
    fd_pixels picture;
    fd_window box;   /* within the picture; an empty one gives black pixels */
    int64_t slot;    /* which face of out and bytes it is */
    int64_t scratch; /* PIL: byte where [box height][format.width][3] bytes of scratch begin */
} fd_crop;

/* crops[n], all resampled by `kind`, of boxes at most `height` rows high. out, bytes: as for fd_align_warp. */
int fd_box_crops(const fd_crop *crops, int64_t n, int32_t height, int32_t kind, fd_cut_output out, uint8_t *scratch, fd_stream stream);

FD_C_END

#endif
