/* Operators on the arrays of networks: float32 only (integer shape arithmetic is folded when a network is loaded). A network prepares
 * every operator once, for one fixed shape, and runs it many times; preparing may reorder weights into the engine's own form. */
#ifndef FD_ENGINE_OP_H
#define FD_ENGINE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

enum { FD_MAX_RANK = 6, FD_MAX_INPUTS = 16 };

/* How an activation lies in memory. Networks begin and end PLAIN; fd_op_table.layout chooses what lies between. */
typedef enum fd_layout {
    FD_PLAIN,     /* row-major, as the shape says (images: NCHW) */
    FD_BLOCKED,   /* the engine's own: channels in blocks (oneDNN nChw16c or nChw8c) */
    FD_LANES      /* the engine's own: samples in vector lanes, [ceil(n/L)][c][h][w][L]; for small networks on large batches */
} fd_layout;

typedef struct fd_tensor {
    int rank;                        /* 0..FD_MAX_RANK */
    int64_t dim[FD_MAX_RANK];        /* dim[0] is the batch */
    fd_layout layout;
    size_t bytes;                    /* of one array of this shape and layout, padding included; filled by fd_op_table.measure */
} fd_tensor;

typedef enum fd_op_kind {
    FD_OP_CONV,        /* x[n][c][h][w], weight[o][c/groups][kh][kw] */
    FD_OP_GEMM,        /* y[n][o] = x[n][k] . weight[o][k]; weight already transposed and scaled */
    FD_OP_MATMUL,      /* y = a . b, both activations or b constant; leading dimensions broadcast as in ONNX MatMul */
    FD_OP_POOL,        /* max or average; global ones have kernel = size */
    FD_OP_ACTIVATE,    /* elementwise by fd_activation */
    FD_OP_SCALE,       /* y = x * scale[c] + shift[c], c = axis 1: a batch norm that found no convolution */
    FD_OP_BINARY,      /* y = a (op) b, ONNX broadcasting */
    FD_OP_CONCAT, FD_OP_TRANSPOSE, FD_OP_SLICE, FD_OP_PAD, FD_OP_GATHER,
    FD_OP_RESHAPE,     /* same numbers in PLAIN order, another shape: Reshape, Flatten, Squeeze, Unsqueeze, Identity */
    FD_OP_EXPAND,
    FD_OP_REDUCE,      /* over axes, kept or dropped as the output's shape says */
    FD_OP_SOFTMAX,     /* over one axis, or over all from `axis` on (opset < 13): see `flat` */
    FD_OP_LPNORM,      /* y = x / lp norm over one axis */
    FD_OP_REORDER,     /* layout to layout; the network inserts it */
    FD_OP_KINDS
} fd_op_kind;

typedef enum fd_activation {
    FD_ACT_NONE, FD_ACT_RELU, FD_ACT_CLIP /* low, high */, FD_ACT_LEAKY /* slope */, FD_ACT_PRELU /* slopes per channel */,
    FD_ACT_SIGMOID, FD_ACT_TANH, FD_ACT_SQRT
} fd_activation;

typedef enum fd_binary { FD_ADD, FD_SUB, FD_MUL, FD_DIV, FD_POW } fd_binary;
typedef enum fd_reduce { FD_REDUCE_MEAN, FD_REDUCE_SUM, FD_REDUCE_L2 } fd_reduce;

/* One operator. Only the members of its kind (and those that say "any") are read. All pointers are host memory, owned by the caller and
 * needed during prepare only. */
typedef struct fd_op_desc {
    fd_op_kind kind;
    const char *name;                     /* the ONNX node's name, for messages; never NULL */
    int inputs;                           /* activations; a residual is the last one */
    fd_tensor input[FD_MAX_INPUTS];
    fd_tensor output;

    /* conv and pool: per spatial axis, 2 of them (a 1-D convolution has height 1) */
    int64_t kernel[2], stride[2], dilation[2];
    int64_t pad_begin[2], pad_end[2];     /* explicit, >= 0 (auto_pad and ceil_mode are already resolved into the output's shape) */
    int64_t groups;
    bool pool_max, count_include_pad;     /* a window that hangs over counts only what is inside unless count_include_pad */

    /* constants, f32; NULL when absent */
    const float *weight;                  /* conv, gemm */
    const float *bias;                    /* conv, gemm: [o]; scale: the shift [c] */
    const float *scale;                   /* scale: [c] */
    const float *constant[2];             /* binary, matmul: operand 0 or 1 is this constant of shape constant_shape, not an input */
    fd_tensor constant_shape;

    /* conv, gemm: y = act(conv + bias + residual). activate: y = act(x) */
    bool residual;
    fd_activation activation;
    float low, high, slope;
    const float *slopes;                  /* PRELU: [c], c = axis 1 (a single slope is spread out) */
    int64_t n_slopes;

    fd_binary binary;
    fd_reduce reduce;
    bool axes[FD_MAX_RANK];               /* reduce: the axes of the input that go */
    int axis;                             /* concat, softmax, lpnorm, gather */
    bool flat;                            /* softmax: over axis and all after it */
    int p;                                /* lpnorm: 1 or 2 */
    int64_t permutation[FD_MAX_RANK];     /* transpose: output axis i is input axis permutation[i] */
    int64_t start[FD_MAX_RANK], step[FD_MAX_RANK];       /* slice (step may be negative; end is the output's shape) */
    int64_t before[FD_MAX_RANK], after[FD_MAX_RANK];     /* pad; negative ones crop */
    int pad_mode;                         /* 0 constant, 1 reflect, 2 edge */
    float pad_value;
    const int64_t *indices;               /* gather: n_indices, >= 0, along `axis` */
    int64_t n_indices;
} fd_op_desc;

typedef struct fd_op fd_op;   /* a prepared operator, immutable */

/* The published P-Net's shape, fused: 3x3 conv + activation, 2x2 max pool (stride 2, ceil), 3x3 conv + activation, 3x3 conv + activation,
 * then two 1x1 heads, the second with a softmax over its 2 channels. No padding anywhere. Takes any image size without preparing again. */
typedef struct fd_pnet_desc {
    int channels[3];                 /* outputs of the three convolutions (published: 10, 16, 32) */
    const float *weight[3];          /* [o][c][3][3], c = 3 for the first; host */
    const float *bias[3];            /* [o]; host */
    const float *slopes[3];          /* [o] PReLU slopes (0 for ReLU); host */
    const float *box_weight;         /* [4][c3] */
    const float *box_bias;           /* [4] */
    const float *prob_weight;        /* [2][c3] */
    const float *prob_bias;          /* [2] */
} fd_pnet_desc;

typedef struct fd_op_table {
    /* The layout for what lies between a network's ends, chosen once from all its operators (shapes are PLAIN and final). */
    fd_layout (*layout)(const fd_engine *e, const fd_op_desc *ops, int n);
    /* Whether this operator can take its inputs and give its output in `layout`; PLAIN must always be true. */
    bool (*accepts)(const fd_engine *e, const fd_op_desc *op, fd_layout layout);
    /* Whether input 0 should stay PLAIN when the rest is in `layout`, which it accepts: the first convolution. */
    bool (*takes_plain)(const fd_engine *e, const fd_op_desc *op, fd_layout layout);
    /* Fills t->bytes from shape and layout. */
    void (*measure)(const fd_engine *e, fd_tensor *t);
    /* Prepares for the shapes and layouts in desc. FD_UNSUPPORTED names node and operator. Thread-safe. */
    fd_error *(*prepare)(fd_engine *e, const fd_op_desc *desc, fd_op **out);
    /* Scratch bytes that run needs, beside inputs and output. */
    size_t (*scratch)(const fd_op *op);
    /* Runs; arrays are FD_ALIGN-aligned and do not overlap (an exception: ACTIVATE, SCALE and RESHAPE may run in place). Padding lanes (samples)
     * of inputs may hold anything, finite or not: they never reach a real value. Padding channels hold zeros, which every operator with a
     * blocked output writes. */
    fd_error *(*run)(const fd_op *op, fd_lane *lane, const void *const *inputs, void *output, void *scratch);
    void (*release)(fd_op *op);   /* NULL is allowed */

    /* Fused P-Net; NULL where the engine has none (then the network goes layer by layer on tiles of one shape). */
    fd_error *(*pnet_prepare)(fd_engine *e, const fd_pnet_desc *desc, fd_op **out);
    /* image f32 [3][height][width], height, width >= 12 -> box [4][oh][ow], prob [2][oh][ow], oh = ceil((height - 2) / 2) - 4 (likewise ow).
     * Every cell is computed by the same operations in the same order whatever the size. */
    fd_error *(*pnet_run)(const fd_op *op, fd_lane *lane, const float *image, int64_t height, int64_t width, float *box, float *prob);
} fd_op_table;

const char *fd_op_kind_name(fd_op_kind kind);   /* "Conv" ... */
int64_t fd_tensor_count(const fd_tensor *t);    /* elements, no padding */

#endif
