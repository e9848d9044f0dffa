/* Expressions of float constants (a normalised weight, a transposed one) are computed by the ref engine, so that there is one definition of
 * every operator. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/graph.h"
#include "net/net.h"

static const double most_work = 4e9;   /* operations of all constant expressions: some seconds; weights need a thousandth of it */

static fd_error *open_folder(fd_graph *g)
{
    fd_error *err = NULL;
    if (g->folder)
        return NULL;
    FD_TRY(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &g->folder));
    FD_TRY(fd_lane_open(g->folder, &g->folder_lane));
done:
    return err;
}

/* Constants of the file lie as protobuf-c put them; operators want FD_ALIGN. */
static fd_error *aligned(fd_graph *g, const fd_value *v, const void **out)
{
    fd_error *err = NULL;
    int64_t count;
    void *copy;
    *out = v->data;
    if ((uintptr_t)v->data % FD_ALIGN == 0)
        return NULL;
    fd_shape_count(&v->shape, &count);
    FD_TRY(fd_heap_alloc(g->heap, &copy, (size_t)count, sizeof(float)));
    memcpy(copy, v->data, (size_t)count * sizeof(float));
    *out = copy;
done:
    return err;
}

static fd_error *compute(fd_graph *g, const fd_op_desc *desc, const void *const *inputs, float *output)
{
    fd_error *err = NULL;
    const fd_op_table *table = g->folder->kind->op;
    fd_op *op = NULL;
    void *scratch = NULL;
    fd_op_desc measured = *desc;
    for (int i = 0; i < desc->inputs; i++)
        table->measure(g->folder, &measured.input[i]);
    table->measure(g->folder, &measured.output);
    FD_TRY(table->prepare(g->folder, &measured, &op));
    FD_TRY(fd_alloc_aligned(&scratch, table->scratch(op) + 1, 1));
    FD_TRY(table->run(op, g->folder_lane, inputs, output, scratch));
    FD_TRY(g->folder->kind->lane_sync(g->folder_lane));
done:
    free(scratch);
    if (op)
        table->release(op);
    return err;
}

fd_error *fd_fold_floats(fd_graph *g, const fd_node *node, int *out)
{
    fd_error *err = NULL;
    const void *inputs[FD_MAX_INPUTS];
    float *data;
    int64_t count;
    if (!fd_shape_count(&node->op.output, &count) || count == 0)
        FD_THROW(FD_UNSUPPORTED, "node '%s' makes a constant that is empty or has more than 2^31 elements", node->op.name);
    g->folded += fd_op_flop(&node->op);
    if (g->folded > most_work)
        FD_THROW(FD_UNSUPPORTED, "node '%s': constant expressions of more than %.0e operations", node->op.name, most_work);
    FD_TRY(open_folder(g));
    for (int i = 0; i < node->op.inputs; i++)
        FD_TRY(aligned(g, &g->value[node->input[i]], &inputs[i]));
    FD_TRY(fd_graph_floats(g, node->op.name, &node->op.output, &data, out));
    FD_TRY(compute(g, &node->op, inputs, data));
done:
    return err;
}
