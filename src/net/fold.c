/* Whole numbers are known when a network is loaded: every operator on them is computed here, once. */
#include <string.h>

#include "net/graph.h"

enum { MAX_ELEMENTS = 1 << 20 };   /* of one integer tensor; shapes and indices are far smaller */

typedef struct place { int64_t index[FD_MAX_RANK]; } place;

/* Steps through a shape in row-major order. */
static void advance(place *p, const fd_tensor *shape)
{
    for (int i = shape->rank - 1; i >= 0; i--) {
        if (++p->index[i] < shape->dim[i])
            return;
        p->index[i] = 0;
    }
}

static int64_t offset_of(const int64_t *index, const fd_tensor *shape)
{
    int64_t at = 0;
    for (int i = 0; i < shape->rank; i++)
        at = at * shape->dim[i] + index[i];
    return at;
}

/* Where an element of the broadcast result comes from in an operand of lower rank or size. */
static int64_t broadcast_offset(const place *p, int rank, const fd_tensor *operand)
{
    int64_t at = 0;
    for (int i = 0; i < operand->rank; i++)
        at = at * operand->dim[i] + (operand->dim[i] == 1 ? 0 : p->index[rank - operand->rank + i]);
    return at;
}

/* Where an element of the output of a movement (one input) comes from. */
static int64_t moved_from(const fd_op_desc *op, const place *p)
{
    const fd_tensor *in = &op->input[0];
    int64_t index[FD_MAX_RANK] = {0};
    if (op->kind == FD_OP_EXPAND)
        return broadcast_offset(p, op->output.rank, in);
    for (int i = 0; i < in->rank; i++)
        if (op->kind == FD_OP_TRANSPOSE)
            index[op->permutation[i]] = p->index[i];
        else if (op->kind == FD_OP_SLICE)
            index[i] = op->start[i] + p->index[i] * op->step[i];
        else
            index[i] = i == op->axis ? op->indices[p->index[i]] : p->index[i];
    return offset_of(index, in);
}

static fd_error *arithmetic(const fd_op_desc *op, int64_t a, int64_t b, int64_t *out)
{
    bool overflow = false;
    switch (op->binary) {
    case FD_ADD:
        overflow = __builtin_add_overflow(a, b, out);
        break;
    case FD_SUB:
        overflow = __builtin_sub_overflow(a, b, out);
        break;
    case FD_MUL:
        overflow = __builtin_mul_overflow(a, b, out);
        break;
    case FD_DIV:
        if (b == 0 || (a == INT64_MIN && b == -1))
            return FD_FAIL(FD_FORMAT, "node '%s' divides whole numbers by zero", op->name);
        *out = a / b;
        break;
    default:
        return FD_FAIL(FD_UNSUPPORTED, "node '%s' raises whole numbers to a power", op->name);
    }
    return overflow ? FD_FAIL(FD_FORMAT, "node '%s' overflows 64 bits", op->name) : NULL;
}

static fd_error *concatenate(const fd_graph *g, const fd_node *node, int64_t *out)
{
    const fd_op_desc *op = &node->op;
    int64_t outer = 1, inner = 1;
    for (int i = 0; i < op->axis; i++)
        outer *= op->output.dim[i];
    for (int i = op->axis + 1; i < op->output.rank; i++)
        inner *= op->output.dim[i];
    for (int64_t o = 0; o < outer; o++)
        for (int k = 0; k < op->inputs; k++) {
            int64_t run = op->input[k].dim[op->axis] * inner;
            memcpy(out, (const int64_t *)g->value[node->input[k]].data + o * run, (size_t)run * sizeof *out);
            out += run;
        }
    return NULL;
}

static fd_error *binary(const fd_graph *g, const fd_node *node, int64_t count, int64_t *out)
{
    const int64_t *a = g->value[node->input[0]].data, *b = g->value[node->input[1]].data;
    const fd_op_desc *op = &node->op;
    fd_error *err = NULL;
    place p = {0};
    for (int64_t i = 0; i < count && !err; i++, advance(&p, &op->output))
        err = arithmetic(op, a[broadcast_offset(&p, op->output.rank, &op->input[0])], b[broadcast_offset(&p, op->output.rank, &op->input[1])],
                         &out[i]);
    return err;
}

fd_error *fd_fold_ints(fd_graph *g, const fd_node *node, int *out)
{
    fd_error *err = NULL;
    const fd_op_desc *op = &node->op;
    const int64_t *from = g->value[node->input[0]].data;
    int64_t count, *data;
    if (!fd_shape_count(&op->output, &count) || count > MAX_ELEMENTS)
        FD_THROW(FD_UNSUPPORTED, "node '%s' makes more than %d whole numbers", op->name, MAX_ELEMENTS);
    FD_TRY(fd_graph_ints(g, op->name, &op->output, &data, out));
    if (op->kind == FD_OP_BINARY) {
        FD_TRY(binary(g, node, count, data));
    } else if (op->kind == FD_OP_CONCAT) {
        FD_TRY(concatenate(g, node, data));
    } else if (op->kind == FD_OP_TRANSPOSE || op->kind == FD_OP_SLICE || op->kind == FD_OP_GATHER || op->kind == FD_OP_EXPAND) {
        place p = {0};
        for (int64_t i = 0; i < count; i++, advance(&p, &op->output))
            data[i] = from[moved_from(op, &p)];
    } else {
        FD_THROW(FD_UNSUPPORTED, "node '%s' computes with whole numbers", op->name);
    }
done:
    return err;
}
