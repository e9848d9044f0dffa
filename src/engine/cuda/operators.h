/* Prepared operators of the cuda engine: what each kind keeps, one constructor per kind. */
#ifndef FD_ENGINE_CUDA_OPERATORS_H
#define FD_ENGINE_CUDA_OPERATORS_H

#include "engine/cuda/conv.h"
#include "engine/cuda/gemm.h"
#include "kernels/binary.h"
#include "kernels/epilogue.h"
#include "kernels/gather.h"
#include "kernels/pad.h"
#include "kernels/reduce.h"
#include "kernels/view.h"
#include "kernels/window.h"

enum { FD_CUDA_CONSTANTS = 4 };

typedef struct fd_cuda_op fd_cuda_op;
/* Queues the operator on the lane. in[k], out: device. */
typedef fd_error *fd_cuda_run(const fd_cuda_op *op, fd_cuda_lane *lane, const float *const *in, float *out, void *scratch);

struct fd_cuda_op {
    fd_op base;                          /* scratch: bytes */
    fd_cuda_engine *engine;
    fd_cuda_run *run;
    fd_op_kind kind;
    int inputs;
    int64_t n;                           /* elements of the output */
    void *constant[FD_CUDA_CONSTANTS];   /* device memory that goes with the operator */
    int constants;
    fd_finish finish;                    /* conv, gemm, activate, scale; its residual is filled in by run */
    bool residual, finishes;             /* whether there is anything to do after the sums */
    fd_window2 window;                   /* pool and depthwise convolution */
    bool pool_max, count_include_pad;
    const float *weight;                 /* device; gemm, depthwise */
    fd_cuda_conv *conv;
    fd_cuda_gemm *gemm;
    struct { const float *constant[2]; int64_t *offset[2]; int64_t rows, columns, matrices; } matmul;   /* offset[k][matrix]: host, in floats */
    struct { fd_broadcast shape; int32_t kind; const float *constant[2]; } binary;
    struct { fd_view view[FD_MAX_INPUTS]; int64_t from[FD_MAX_INPUTS], to[FD_MAX_INPUTS]; } move;       /* first elements, in floats */
    fd_pad pad;
    struct { fd_gathering shape; const int64_t *index; } gather;
    fd_reduction reduction;
    struct { int64_t outer, n, inner; int p; } rows;                                                    /* softmax, lpnorm */
};

/* Constructors: fill the members of their kind. The caller releases the operator when they fail. */
typedef fd_error *fd_cuda_prepare(fd_cuda_op *op, const fd_op_desc *d);
fd_cuda_prepare fd_cuda_prepare_conv, fd_cuda_prepare_gemm, fd_cuda_prepare_matmul, fd_cuda_prepare_pool, fd_cuda_prepare_activate,
    fd_cuda_prepare_scale, fd_cuda_prepare_binary, fd_cuda_prepare_concat, fd_cuda_prepare_transpose, fd_cuda_prepare_slice, fd_cuda_prepare_pad,
    fd_cuda_prepare_gather, fd_cuda_prepare_copy, fd_cuda_prepare_expand, fd_cuda_prepare_reduce, fd_cuda_prepare_softmax, fd_cuda_prepare_lpnorm;

/* A copy of n host floats for the operator; host NULL gives NULL. */
fd_error *fd_cuda_op_keep(fd_cuda_op *op, const void *host, size_t bytes, void *out) FD_CHECK;
/* What follows the sums: bias, residual, activation by d, channels at axis 1. */
fd_error *fd_cuda_op_finish(fd_cuda_op *op, const fd_op_desc *d) FD_CHECK;

/* strides[i] = elements between neighbours along axis i of a PLAIN array; 0 along axes of size 1, so that they broadcast. */
void fd_cuda_strides(const fd_tensor *t, int64_t strides[FD_MAX_RANK]);

/* Fused P-Net (pnet.c). */
fd_error *fd_cuda_pnet_prepare(fd_engine *e, const fd_pnet_desc *desc, fd_op **out) FD_CHECK;
fd_error *fd_cuda_pnet_run(const fd_op *op, fd_lane *lane, const float *image, int64_t height, int64_t width, float *box, float *prob) FD_CHECK;

#endif
