/* What the fused P-Net's plan (pnet.c) and its kernels (pnet_body.h, one object per instruction set) know of each other. */
#ifndef FD_ENGINE_CPU_PNET_PARTS_H
#define FD_ENGINE_CPU_PNET_PARTS_H

#include <stddef.h>
#include <stdint.h>

enum {
    PNET_TAIL = 64,       /* floats behind every plane of scratch that kernels may read and write */
    PNET_HEADS = 6,       /* 4 regressions, 2 logits */
    PNET_MAX_LANES = 48   /* cells that one block of the last kernel covers at most */
};

/* One convolution, its weights in the order in which a block of outputs reads them. Outputs are padded with zero weights to whole groups. */
typedef struct pnet_layer {
    int in, out;                 /* channels */
    int taps;                    /* products of one output: in * 9, or in for a 1x1 head */
    int group, groups;           /* outputs of a block; blocks */
    float *weight;               /* [groups][taps][group], taps in the order channel, row, column */
    float *bias, *slope;         /* [groups * group]; slope NULL: no activation */
} pnet_layer;

/* Planes of one strip of a level: channel c, row y, column x at data[c * plane + y * pitch + x]. Convolutions run over the flat index
 * y * pitch + x; what the last columns of a row mix with the next row is computed and never read. */
typedef struct pnet_planes {
    float *data;
    ptrdiff_t plane;
} pnet_planes;

/* Kernels of one instruction set. n counts flat positions; every kernel goes on to the next whole vector. */
typedef struct pnet_kernels {
    int first, conv, head;       /* largest group of the first convolution; groups of the others and of the heads */
    /* Image row of w floats -> its even and its odd columns. */
    void (*split)(const float *row, int64_t w, float *even, float *odd);
    /* First convolution, activation, 2x2 max. in: 12 planes (channel, row parity, column parity) of this pitch. A product that is NaN
     * (beyond the image's end) loses every max. */
    void (*first_pool)(const pnet_layer *l, pnet_planes in, ptrdiff_t pitch, ptrdiff_t n, pnet_planes out);
    /* 3x3 convolution and activation; offset[taps]: distance of each tap's input from the output's flat position. */
    void (*conv3x3)(const pnet_layer *l, const float *in, const ptrdiff_t *offset, ptrdiff_t n, pnet_planes out);
    /* The same with l[0], then the heads l[1]: box and logits, not yet softmaxed. offset[]: of the convolution's taps, then of the heads'
     * channels in the tile, scratch for one block. */
    void (*conv3x3_heads)(const pnet_layer *l, const float *in, const ptrdiff_t *offset, ptrdiff_t n, float *tile, pnet_planes out);
    /* p0, p1 = softmax(a, b), elementwise. */
    void (*softmax)(const float *a, const float *b, int64_t n, float *p0, float *p1);
} pnet_kernels;

extern const pnet_kernels fd_pnet_kernels_base, fd_pnet_kernels_avx2, fd_pnet_kernels_avx512;

#endif
