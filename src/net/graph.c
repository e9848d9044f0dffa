#include "net/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void fd_graph_free(fd_graph *g)
{
    fd_lane_close(g->folder_lane);
    fd_engine_close(g->folder);
    free(g->value);
    free(g->node);
    *g = (fd_graph){0};
}

bool fd_shape_count(const fd_tensor *shape, int64_t *count)
{
    int64_t product = 1;
    bool fits = true, empty = false;
    *count = 0;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 0)
            return false;
        empty = empty || shape->dim[i] == 0;
        fits = fits && !__builtin_mul_overflow(product, shape->dim[i], &product) && product <= INT64_C(1) << 31;
    }
    *count = empty ? 0 : product;
    return fits || empty;
}

bool fd_shape_equal(const fd_tensor *a, const fd_tensor *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

fd_tensor fd_shape(int rank, const int64_t *dim)
{
    fd_tensor t = {.rank = rank};
    if (rank)
        memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    return t;
}

char *fd_shape_text(const fd_tensor *shape, char out[FD_SHAPE_TEXT])
{
    int at = snprintf(out, FD_SHAPE_TEXT, "%s", shape->rank ? "" : "scalar");
    for (int i = 0; i < shape->rank; i++)
        at += snprintf(out + at, (size_t)(FD_SHAPE_TEXT - at), "%s%lld", i ? "x" : "", (long long)shape->dim[i]);
    return out;
}

bool fd_shape_broadcast(const fd_tensor *a, const fd_tensor *b, fd_tensor *out)
{
    fd_tensor result = {.rank = a->rank > b->rank ? a->rank : b->rank};
    for (int i = 1; i <= result.rank; i++) {
        int64_t x = i <= a->rank ? a->dim[a->rank - i] : 1, y = i <= b->rank ? b->dim[b->rank - i] : 1;
        if (x != y && x != 1 && y != 1)
            return false;
        result.dim[result.rank - i] = x == 1 ? y : x;
    }
    *out = result;
    return true;
}

fd_error *fd_graph_value(fd_graph *g, const char *name, const fd_tensor *shape, int *out)
{
    fd_error *err = NULL;
    FD_TRY(fd_grow(&g->value, &g->value_capacity, g->values + 1, sizeof *g->value));
    *out = (int)g->values;
    g->value[g->values++] = (fd_value){.name = name, .shape = *shape, .node = -1};
done:
    return err;
}

fd_error *fd_graph_constant(fd_graph *g, const char *name, const fd_constant *c, int *out)
{
    fd_error *err = fd_graph_value(g, name, &c->shape, out);
    if (!err) {
        g->value[*out].type = c->type;
        g->value[*out].data = c->data;
    }
    return err;
}

fd_error *fd_graph_floats(fd_graph *g, const char *name, const fd_tensor *shape, float **data, int *out)
{
    fd_error *err = NULL;
    int64_t count;
    if (!fd_shape_count(shape, &count))
        FD_THROW(FD_UNSUPPORTED, "'%s' has more than 2^31 elements", name);
    FD_TRY(fd_heap_alloc(g->heap, data, (size_t)count, sizeof **data));
    FD_TRY(fd_graph_constant(g, name, &(fd_constant){FD_F32, *shape, *data}, out));
done:
    return err;
}

fd_error *fd_graph_ints(fd_graph *g, const char *name, const fd_tensor *shape, int64_t **data, int *out)
{
    fd_error *err = NULL;
    int64_t count;
    if (!fd_shape_count(shape, &count))
        FD_THROW(FD_UNSUPPORTED, "'%s' has more than 2^31 elements", name);
    FD_TRY(fd_heap_alloc(g->heap, data, (size_t)count, sizeof **data));
    FD_TRY(fd_graph_constant(g, name, &(fd_constant){FD_I64, *shape, *data}, out));
done:
    return err;
}

/* Constants in, constant out. */
static fd_error *fold(fd_graph *g, const fd_node *node, int *out)
{
    const fd_value *first = &g->value[node->input[0]];
    for (int i = 1; i < node->op.inputs; i++)
        if (g->value[node->input[i]].type != first->type)
            return FD_FAIL(FD_FORMAT, "node '%s' mixes whole numbers and floating point", node->op.name);
    if (node->op.kind == FD_OP_RESHAPE)
        return fd_graph_constant(g, node->op.name, &(fd_constant){first->type, node->op.output, first->data}, out);
    return first->type == FD_I64 ? fd_fold_ints(g, node, out) : fd_fold_floats(g, node, out);
}

static fd_error *check_activations(const fd_graph *g, const fd_node *node)
{
    int64_t count;
    if (!fd_shape_count(&node->op.output, &count))
        return FD_FAIL(FD_UNSUPPORTED, "node '%s' makes more than 2^31 elements", node->op.name);
    if (count == 0)
        return FD_FAIL(FD_UNSUPPORTED, "node '%s' makes an empty tensor", node->op.name);
    for (int i = 0; i < node->op.inputs; i++)
        if (g->value[node->input[i]].type != FD_F32)
            return FD_FAIL(FD_UNSUPPORTED, "node '%s' mixes whole numbers with floating point", node->op.name);
    return NULL;
}

fd_error *fd_graph_add(fd_graph *g, const fd_op_desc *desc, const int *inputs, int *out)
{
    fd_error *err = NULL;
    fd_node node = {.op = *desc};
    bool constant = true;
    for (int i = 0; i < desc->inputs; i++) {
        node.input[i] = inputs[i];
        node.op.input[i] = g->value[inputs[i]].shape;
        constant = constant && g->value[inputs[i]].data;
    }
    if (constant)
        return fold(g, &node, out);
    FD_TRY(check_activations(g, &node));
    if (g->nodes == FD_MAX_NODES)
        FD_THROW(FD_UNSUPPORTED, "the network has more than %d operators", FD_MAX_NODES);
    FD_TRY(fd_graph_value(g, desc->name, &desc->output, &node.output));
    FD_TRY(fd_grow(&g->node, &g->node_capacity, g->nodes + 1, sizeof *g->node));
    g->value[node.output].node = (int)g->nodes;
    g->node[g->nodes++] = node;
    *out = node.output;
done:
    return err;
}

void fd_graph_count_uses(fd_graph *g)
{
    for (size_t i = 0; i < g->values; i++)
        g->value[i].uses = 0;
    for (size_t i = 0; i < g->nodes; i++)
        for (int k = 0; !g->node[i].dead && k < g->node[i].op.inputs; k++)
            g->value[g->node[i].input[k]].uses++;
    for (int i = 0; i < g->outputs; i++)
        g->value[g->output[i]].uses++;
}
