/* What the operators of FD_LANES (lanes*.c) and their kernels (lanes_body.h, one object per instruction set) know of each other. A pixel is
 * 16 floats: one channel of 16 samples. */
#ifndef FD_ENGINE_CPU_LANES_PARTS_H
#define FD_ENGINE_CPU_LANES_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/cpu/lanes.h"
#include "engine/host.h"

/* max(low, min(high, x)) and a slope for what is below 0 cover the activations that are offered. */
typedef struct lanes_activation {
    enum { LANES_IDENTITY, LANES_CLIP, LANES_SLOPES } kind;
    float low, high;
    float *slopes;               /* [channels], or NULL */
} lanes_activation;

/* A convolution without padding over one group of samples; a matrix product is one whose image has one pixel. */
typedef struct lanes_conv {
    int64_t outputs, pixels;     /* channels and pixels of the output */
    int64_t taps;                /* products of one output */
    float *weight;               /* [output block][taps][block]; a last block that is at most half full is half as wide */
    float *bias;                 /* [outputs, padded to whole blocks] */
    ptrdiff_t *offset;           /* [taps]: of a tap's input from the window's first, in floats */
    ptrdiff_t *start;            /* [pixels]: of each output pixel's window in a channel, in floats */
    lanes_activation activation; /* slopes padded as bias */
} lanes_conv;

/* out = activation(in * scale[c] + shift[c]). */
typedef struct lanes_scale {
    int64_t channels, pixels;    /* pixels: of one channel */
    float *scale, *shift;        /* [channels]; both NULL: the activation alone */
    lanes_activation activation;
} lanes_scale;

/* Arrays of one group of samples. */
typedef struct lanes_arrays {
    const float *in, *residual;  /* residual may be NULL */
    float *out;
} lanes_arrays;

typedef struct lanes_pool {
    int64_t channels, height, width, out_height, out_width;   /* out_*: of the output */
    int64_t kernel[2], stride[2], dilation[2], pad[2], pad_end[2];
    bool max, count_padding;
} lanes_pool;

/* Kernels of one instruction set; each works on one group of 16 samples. */
typedef struct lanes_kernels {
    int block;                   /* outputs of a full block */
    void (*conv)(const lanes_conv *l, lanes_arrays a);
    void (*pool)(const lanes_pool *p, const float *in, float *out);
    void (*scale)(const lanes_scale *s, const float *in, float *out);   /* may run in place */
} lanes_kernels;

extern const lanes_kernels fd_lanes_kernels_base, fd_lanes_kernels_avx2, fd_lanes_kernels_avx512;

/* A prepared operator. */
typedef struct lanes_op {
    fd_op base;
    const lanes_kernels *kernels;
    fd_op_desc desc;             /* shapes and numbers; its pointers are no longer valid */
    int64_t groups;              /* of samples */
    int64_t in_pixels, out_pixels;   /* of one group: all axes but the batch */
    lanes_conv conv;
    lanes_pool pool;
    lanes_scale scale;
} lanes_op;

typedef fd_error *lanes_run(const fd_op *op, fd_lane *lane, const void *const *inputs, void *output, void *scratch);
lanes_run fd_lanes_run_conv, fd_lanes_run_reshape, fd_lanes_run_transpose, fd_lanes_run_concat, fd_lanes_run_softmax, fd_lanes_run_binary,
    fd_lanes_run_enter, fd_lanes_run_leave;

/* Fills op->conv from a convolution's or a matrix product's description, and base.scratch. */
fd_error *fd_lanes_prepare_conv(lanes_op *op, const fd_op_desc *d) FD_CHECK;
/* Fills an activation; slopes for `padded` channels. */
fd_error *fd_lanes_prepare_activation(lanes_activation *a, const fd_op_desc *d, int64_t channels, int64_t padded) FD_CHECK;

#endif
