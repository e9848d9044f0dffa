/* Lowering: one ONNX node becomes operators of the engine's language. A handler per ONNX operator, all in one const table (lower.c). */
#ifndef FD_NET_LOWER_H
#define FD_NET_LOWER_H

#include "net/model.h"

typedef struct fd_lower {
    fd_graph *graph;
    fd_model *model;
    const Onnx__NodeProto *node;
    int64_t opset;
    const char *name;      /* "/conv1" */
    const char *label;     /* "node '/conv1' (Conv)", for messages */
    int inputs, outputs;
    const int *input;      /* values; -1: left out */
    int *output;           /* to be set by the handler; -1: not made */
} fd_lower;

typedef fd_error *fd_handler(fd_lower *l);
typedef struct fd_operator { const char *name; int min_inputs, max_inputs; fd_handler *lower; } fd_operator;

/* NULL when it is not known. */
const fd_operator *fd_operator_find(const Onnx__NodeProto *node);

/* Attributes; a wrong type or a value out of range is FD_FORMAT. */
fd_error *fd_attr_int(const fd_lower *l, const char *name, int64_t fallback, int64_t *out) FD_CHECK;
fd_error *fd_attr_float(const fd_lower *l, const char *name, float fallback, float *out) FD_CHECK;
fd_error *fd_attr_text(const fd_lower *l, const char *name, const char *fallback, char out[32]) FD_CHECK;
/* *n = -1 when absent. */
fd_error *fd_attr_ints(const fd_lower *l, const char *name, const int64_t **out, int *n) FD_CHECK;
fd_error *fd_attr_tensor(const fd_lower *l, const char *name, const Onnx__TensorProto **out) FD_CHECK;   /* NULL when absent */
/* Whole numbers that older operator sets write as an attribute and newer ones as input i (must be a constant). *n = -1 when absent. */
fd_error *fd_ints_of(const fd_lower *l, const char *attribute, int input, const int64_t **out, int64_t *n) FD_CHECK;
/* A single float constant as input i. *found is false when it is left out. */
fd_error *fd_float_input(const fd_lower *l, int input, float *out, bool *found) FD_CHECK;
/* -rank <= axis < rank -> 0..rank-1. */
fd_error *fd_axis(const fd_lower *l, int64_t axis, int rank, int *out) FD_CHECK;

bool fd_has(const fd_lower *l, int i);
/* A copy: adding to the graph moves its values. */
fd_value fd_in(const fd_lower *l, int i);
/* Input i, which must be an F32 constant (a weight). */
fd_error *fd_weight(const fd_lower *l, int i, const char *what, fd_value *out) FD_CHECK;

/* A description of `kind` with the node's label and input 0 .. inputs-1. */
fd_op_desc fd_desc(const fd_lower *l, fd_op_kind kind, int inputs, const fd_tensor *output);
/* Adds an operator on one value. */
fd_error *fd_add1(fd_lower *l, const fd_op_desc *desc, int input, int *out) FD_CHECK;
fd_error *fd_add_reshape(fd_lower *l, int value, const fd_tensor *shape, int *out) FD_CHECK;
fd_error *fd_add_transpose(fd_lower *l, int value, const int64_t *permutation, int *out) FD_CHECK;
/* a (op) b, broadcast; constants become the operator's own, whatever the engine. */
fd_error *fd_add_binary(fd_lower *l, fd_binary op, int a, int b, int *out) FD_CHECK;
fd_error *fd_add_scalar(fd_lower *l, fd_binary op, int a, float b, int *out) FD_CHECK;
fd_error *fd_add_activation(fd_lower *l, int value, fd_op_desc desc, int *out) FD_CHECK;   /* desc: activation and its numbers */

/* When the file fixes another batch than the one that is run, an operator along axis 0 would mix samples. */
fd_error *fd_keep_batch(const fd_lower *l, int axis) FD_CHECK;

fd_handler fd_lower_conv, fd_lower_batch_norm, fd_lower_gemm, fd_lower_matmul;
fd_handler fd_lower_max_pool, fd_lower_average_pool, fd_lower_global_average, fd_lower_global_max;
fd_handler fd_lower_relu, fd_lower_clip, fd_lower_prelu, fd_lower_leaky, fd_lower_sigmoid, fd_lower_tanh, fd_lower_sqrt, fd_lower_neg;
fd_handler fd_lower_hard_sigmoid, fd_lower_hard_swish;
fd_handler fd_lower_add, fd_lower_sub, fd_lower_mul, fd_lower_div, fd_lower_pow;
fd_handler fd_lower_identity, fd_lower_dropout, fd_lower_constant, fd_lower_constant_of_shape, fd_lower_shape, fd_lower_cast;
fd_handler fd_lower_reshape, fd_lower_flatten, fd_lower_squeeze, fd_lower_unsqueeze, fd_lower_transpose, fd_lower_expand;
fd_handler fd_lower_concat, fd_lower_slice, fd_lower_split, fd_lower_gather, fd_lower_pad;
fd_handler fd_lower_softmax, fd_lower_reduce_mean, fd_lower_reduce_sum, fd_lower_reduce_l2, fd_lower_lp_norm;
fd_handler fd_lower_equal, fd_lower_where;

#endif
