/* The network between file and engine: operators in the engine's own language (fd_op_desc) that read and write numbered values, in an
 * order in which they can run. All shapes are concrete, all integers folded away. */
#ifndef FD_NET_GRAPH_H
#define FD_NET_GRAPH_H

#include <stdbool.h>

#include "engine/op.h"
#include "net/heap.h"

/* Element types that networks are made of: floating point (held as float32) and whole numbers (held as int64: shapes, indices, booleans). */
typedef enum fd_type { FD_F32, FD_I64 } fd_type;

typedef struct fd_constant { fd_type type; fd_tensor shape; const void *data; } fd_constant;

typedef struct fd_model fd_model;   /* net/model.h */

enum { FD_MAX_NODES = 1 << 13, FD_MAX_OUTPUTS = 16 };

typedef struct fd_value {
    const char *name;       /* for messages; never NULL */
    fd_type type;           /* FD_I64 values are always constants */
    fd_tensor shape;        /* PLAIN */
    const void *data;       /* of a constant; NULL: an activation */
    int node;               /* who makes it; -1: constant or the network's input */
    int uses;               /* readers, outputs of the network included; kept up to date by the passes */
} fd_value;

typedef struct fd_node {
    fd_op_desc op;                /* its tensors' shapes are those of the values */
    int input[FD_MAX_INPUTS];     /* values */
    int output;
    bool dead;
} fd_node;

typedef struct fd_graph {
    fd_heap *heap;
    fd_value *value;
    size_t values, value_capacity;
    fd_node *node;
    size_t nodes, node_capacity;
    int input;
    const char *input_name;
    int output[FD_MAX_OUTPUTS];
    const char *output_name[FD_MAX_OUTPUTS];
    int outputs;
    int64_t batch;                /* of the input, as run */
    int64_t file_batch;           /* of the input, as written in the file; equal to `batch` unless it is fixed there to something else */
    fd_engine *folder;            /* the ref engine, opened when the first float expression of constants is met */
    fd_lane *folder_lane;
    double folded;                /* operations that folding has taken */
} fd_graph;

void fd_graph_free(fd_graph *g);

/* Product of the dimensions; false when one is negative or the product exceeds 2^31. */
bool fd_shape_count(const fd_tensor *shape, int64_t *count);
bool fd_shape_equal(const fd_tensor *a, const fd_tensor *b);
fd_tensor fd_shape(int rank, const int64_t *dim);
/* "2x3x112x112", "scalar". */
enum { FD_SHAPE_TEXT = 144 };
char *fd_shape_text(const fd_tensor *shape, char out[FD_SHAPE_TEXT]);
/* ONNX (numpy) broadcasting of two shapes; false when they do not fit. */
bool fd_shape_broadcast(const fd_tensor *a, const fd_tensor *b, fd_tensor *out);

fd_error *fd_graph_value(fd_graph *g, const char *name, const fd_tensor *shape, int *out) FD_CHECK;
fd_error *fd_graph_constant(fd_graph *g, const char *name, const fd_constant *c, int *out) FD_CHECK;
/* A float constant of `shape`, to be filled by the caller. */
fd_error *fd_graph_floats(fd_graph *g, const char *name, const fd_tensor *shape, float **data, int *out) FD_CHECK;
fd_error *fd_graph_ints(fd_graph *g, const char *name, const fd_tensor *shape, int64_t **data, int *out) FD_CHECK;

/* Adds an operator with desc->output's shape; input shapes are filled in from the values. When all inputs are constants it is computed now
 * and *out is a constant. A RESHAPE of a constant shares its numbers. */
fd_error *fd_graph_add(fd_graph *g, const fd_op_desc *desc, const int *inputs, int *out) FD_CHECK;

/* Computes an operator on constants: integers here, floats by the ref engine. *out is a new constant. */
fd_error *fd_fold_ints(fd_graph *g, const fd_node *node, int *out) FD_CHECK;
fd_error *fd_fold_floats(fd_graph *g, const fd_node *node, int *out) FD_CHECK;

/* Passes. Each leaves a graph that computes the same. */
void fd_graph_count_uses(fd_graph *g);
fd_error *fd_graph_fuse(fd_graph *g) FD_CHECK;   /* batch norms, biases, residuals, activations, paddings, transposes; then tidies */
fd_error *fd_graph_tidy(fd_graph *g) FD_CHECK;   /* operators that nothing reads go */

double fd_op_flop(const fd_op_desc *op);            /* one multiply-add counts 2, any other operation on an element 1 */
size_t fd_op_weight_bytes(const fd_op_desc *op);

/* From the file to the graph before its passes. `shape`: the input's, as run (shape->rank 0: from the file and the members above, 0: not said). */
typedef struct fd_build {
    int64_t batch, channels, height, width;
    const fd_tensor *shape;
} fd_build;
fd_error *fd_graph_build(fd_graph *g, fd_model *m, const fd_build *how) FD_CHECK;

#endif
