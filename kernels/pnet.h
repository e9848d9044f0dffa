/* The proposal network of the cascade, fused: an image in, scores and regressions of all its cells out; nothing between goes through memory. */
#ifndef FD_KERNELS_PNET_H
#define FD_KERNELS_PNET_H

#include "kernels/kernel.h"

FD_C_BEGIN

/* Host arrays, as engine/op.h describes them. */
typedef struct fd_pnet_weights {
    int32_t channels[3];
    const float *weight[3]; /* [o][c][3][3], c = 3 for the first */
    const float *bias[3];   /* [o] */
    const float *slopes[3]; /* [o] */
    const float *box_weight, *box_bias;   /* [4][channels[2]], [4] */
    const float *prob_weight, *prob_bias; /* [2][channels[2]], [2] */
} fd_pnet_weights;

/* Floats of the packed form that the kernel reads. */
int64_t fd_pnet_packed(const int32_t channels[3]);
/* Writes it, host to host; the engine uploads it. */
void fd_pnet_pack(const fd_pnet_weights *weights, float *packed);

typedef struct fd_pnet_image {
    const float *pixels;   /* [3][height][width], normalised */
    int64_t height, width; /* >= 12 */
    float *box;            /* [4][rows][columns], rows = ceil((height - 2) / 2) - 4, columns likewise */
    float *prob;           /* [2][rows][columns] */
} fd_pnet_image;

/* packed: device. Any channel counts work (the published 10, 16, 32 fast); what does not fit into a block's shared memory is
 * cudaErrorInvalidValue. Every cell is computed by the same operations in the same order whatever the size: sums start at the bias and take the
 * window channel by channel, column by column, one fused multiply-add each. */
int fd_pnet(const int32_t channels[3], const float *packed, fd_pnet_image image, fd_stream stream);

FD_C_END

#endif
