/* Windows that slide over the planes of images: depthwise convolutions and pools. */
#ifndef FD_KERNELS_WINDOW_H
#define FD_KERNELS_WINDOW_H

#include <stdint.h>

/* Arrays with two values: vertical, horizontal. Output (y, x) looks at rows y * stride - pad + i * dilation, columns likewise. */
typedef struct fd_window2 {
    int64_t n, c, height, width; /* of the input */
    int64_t out_height, out_width;
    int32_t kernel[2], stride[2], dilation[2];
    int32_t pad[2], pad_end[2]; /* >= 0 */
} fd_window2;

#endif
