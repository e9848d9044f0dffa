/* From the file's graph to ours: names become numbers, then every node is lowered in the file's order. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/lower.h"

/* A name in the file's graph and the value it stands for; -1 until a node has made it. */
typedef struct binding { const char *name; int value; } binding;

typedef struct builder {
    fd_graph *graph;
    fd_model *model;
    const Onnx__GraphProto *file;
    binding *names;          /* sorted */
    size_t n;
} builder;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const binding *)a)->name, ((const binding *)b)->name);
}

static binding *find(const builder *b, const char *name)
{
    return bsearch(&(binding){.name = name}, b->names, b->n, sizeof *b->names, by_name);
}

/* "the network's output 'x' " + what is wrong with it */
static fd_error *bad_output(fd_code code, const char *name, const char *what)
{
    char shown[FD_LABEL];
    return FD_FAIL(code, "the network's output '%s' %s", fd_escape(shown, sizeof shown, name), what);
}

/* Every name that a weight or a node defines. */
static fd_error *collect(builder *b)
{
    fd_error *err = NULL;
    const Onnx__GraphProto *g = b->file;
    size_t n = 1 + g->n_initializer;   /* the input comes later */
    for (size_t i = 0; i < g->n_node; i++)
        n += g->node[i]->n_output;
    FD_TRY(fd_heap_alloc(b->graph->heap, &b->names, n, sizeof *b->names));
    for (size_t i = 0; i < g->n_initializer; i++)
        if (g->initializer[i]->name)
            b->names[b->n++] = (binding){g->initializer[i]->name, -1};
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            if (*g->node[i]->output[k])
                b->names[b->n++] = (binding){g->node[i]->output[k], -1};
    qsort(b->names, b->n, sizeof *b->names, by_name);
    for (size_t i = 1; i < b->n; i++)
        if (strcmp(b->names[i].name, b->names[i - 1].name) == 0) {
            char shown[FD_LABEL];
            FD_THROW(FD_FORMAT, "'%s' is made twice", fd_escape(shown, sizeof shown, b->names[i].name));
        }
done:
    return err;
}

/* The one input that is no weight: old files list their weights among the inputs as well. */
static fd_error *find_input(builder *b, const Onnx__ValueInfoProto **out)
{
    *out = NULL;
    for (size_t i = 0; i < b->file->n_input; i++) {
        const Onnx__ValueInfoProto *v = b->file->input[i];
        if (!v->name || !*v->name || find(b, v->name))
            continue;
        if (*out)
            return FD_FAIL(FD_UNSUPPORTED, "the network has several inputs; one is supported");
        *out = v;
    }
    if (!*out)
        return FD_FAIL(FD_FORMAT, "the network has no input");
    b->names[b->n++] = (binding){(*out)->name, -1};
    qsort(b->names, b->n, sizeof *b->names, by_name);
    return NULL;
}

static int64_t dimension(const Onnx__TensorShapeProto__Dimension *d)
{
    return d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ? d->dim_value : 0;   /* 0: left open */
}

/* What the caller says of an axis of [batch][channels]...[height][width]; 0: nothing. */
static int64_t said_of(const fd_build *how, int rank, int axis)
{
    if (axis == 1)
        return rank == 4 ? how->channels : 0;
    return axis == rank - 1 ? how->width : axis == rank - 2 ? how->height : 0;
}

/* The file's shape, open dimensions filled in. */
static fd_error *input_shape(builder *b, const Onnx__TensorShapeProto *shape, const fd_build *how, fd_tensor *out)
{
    fd_graph *g = b->graph;
    *out = (fd_tensor){.rank = (int)shape->n_dim};
    if (shape->n_dim < 1 || shape->n_dim > FD_MAX_RANK)
        return FD_FAIL(FD_UNSUPPORTED, "the input has %zu dimensions; 1 to %d are supported", shape->n_dim, FD_MAX_RANK);
    if (how->shape && how->shape->rank != out->rank)
        return FD_FAIL(FD_UNSUPPORTED, "the network's input has %d dimensions, not %d", out->rank, how->shape->rank);
    int64_t count, batch = dimension(shape->dim[0]);
    g->batch = how->batch > 0 ? how->batch : batch > 0 ? batch : 1;
    g->file_batch = batch > 0 ? batch : g->batch;
    for (int i = 0; i < out->rank; i++) {
        int64_t size = dimension(shape->dim[i]), asked = i == 0 ? g->batch : how->shape ? how->shape->dim[i] : 0;
        if (i > 0 && asked == 0 && size <= 0)
            asked = said_of(how, out->rank, i);
        if (i > 0 && size > 0 && asked > 0 && asked != size)
            return FD_FAIL(FD_UNSUPPORTED, "dimension %d of the network's input is %lld, not %lld", i, (long long)size, (long long)asked);
        out->dim[i] = i > 0 && size > 0 ? size : asked;
        if (out->dim[i] < 1)
            return FD_FAIL(FD_UNSUPPORTED, "dimension %d of the network's input is left open by the file; its size must be given", i);
    }
    return fd_shape_count(out, &count) ? NULL : FD_FAIL(FD_UNSUPPORTED, "the network's input has more than 2^31 elements");
}

static fd_error *make_input(builder *b, const Onnx__ValueInfoProto *input, const fd_build *how)
{
    fd_error *err = NULL;
    fd_tensor shape;
    const Onnx__TypeProto *type = input->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type->shape)
        FD_THROW(FD_FORMAT, "the network's input has no tensor type with a shape");
    if (type->tensor_type->elem_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        FD_THROW(FD_UNSUPPORTED, "the network's input has element type %d; float32 (1) is supported", type->tensor_type->elem_type);
    FD_TRY(input_shape(b, type->tensor_type->shape, how, &shape));
    FD_TRY(fd_heap_text(b->graph->heap, &b->graph->input_name, "%s", input->name));
    FD_TRY(fd_graph_value(b->graph, b->graph->input_name, &shape, &b->graph->input));
    find(b, input->name)->value = b->graph->input;
done:
    return err;
}

static fd_error *make_constants(builder *b)
{
    fd_error *err = NULL;
    const Onnx__GraphProto *g = b->file;
    if (g->n_sparse_initializer)
        FD_THROW(FD_UNSUPPORTED, "the network has sparse weights");
    for (size_t i = 0; i < g->n_initializer; i++) {
        fd_constant c;
        if (!g->initializer[i]->name)
            FD_THROW(FD_FORMAT, "a weight has no name");
        FD_TRY(fd_model_tensor(b->model, g->initializer[i], &c));
        FD_TRY(fd_graph_constant(b->graph, g->initializer[i]->name, &c, &find(b, g->initializer[i]->name)->value));
    }
done:
    return err;
}

/* The node's inputs as values; a name that nothing has made yet ends here. */
static fd_error *resolve(const builder *b, fd_lower *l, int *input)
{
    for (int i = 0; i < l->inputs; i++) {
        const char *name = l->node->input[i];
        const binding *known = *name ? find(b, name) : NULL;
        char shown[FD_LABEL];
        if (*name && !known)
            return FD_FAIL(FD_FORMAT, "%s reads '%s', which is nowhere in the file", l->label, fd_escape(shown, sizeof shown, name));
        if (known && known->value < 0)
            return FD_FAIL(FD_FORMAT, "%s reads '%s' before any node has made it (a cycle, or nodes out of order)", l->label,
                           fd_escape(shown, sizeof shown, name));
        input[i] = known ? known->value : -1;
    }
    return NULL;
}

static fd_error *check_arity(const fd_lower *l, const fd_operator *op)
{
    if (l->inputs < op->min_inputs || l->inputs > op->max_inputs)
        return FD_FAIL(FD_FORMAT, "%s has %d inputs", l->label, l->inputs);
    for (int i = 0; i < op->min_inputs; i++)
        if (l->input[i] < 0)
            return FD_FAIL(FD_FORMAT, "%s: input %d is left out", l->label, i);
    if (l->outputs < 1)
        return FD_FAIL(FD_FORMAT, "%s has no output", l->label);
    return NULL;
}

static fd_error *lower_node(builder *b, const Onnx__NodeProto *node)
{
    fd_error *err = NULL;
    char name[FD_LABEL], kind[FD_LABEL];
    int *input, *output;
    fd_lower l = {.graph = b->graph, .model = b->model, .node = node, .opset = b->model->opset};
    FD_TRY(fd_heap_text(b->graph->heap, &l.name, "%s", fd_node_label(node, name)));
    FD_TRY(fd_heap_text(b->graph->heap, &l.label, "node '%s' (%s)", fd_node_label(node, name), fd_operator_label(node, kind)));
    const fd_operator *op = fd_operator_find(node);
    if (!op)
        FD_THROW(FD_UNSUPPORTED, "%s: operator %s is not supported", l.label, kind);
    l.inputs = (int)node->n_input;
    l.outputs = (int)node->n_output;
    FD_TRY(fd_heap_alloc(b->graph->heap, &input, node->n_input, sizeof *input));
    FD_TRY(fd_heap_alloc(b->graph->heap, &output, node->n_output, sizeof *output));
    for (int i = 0; i < l.outputs; i++)
        output[i] = -1;
    l.input = input;
    l.output = output;
    FD_TRY(resolve(b, &l, input));
    FD_TRY(check_arity(&l, op));
    FD_TRY(op->lower(&l));
    for (int i = 0; i < l.outputs; i++)
        if (*node->output[i])
            find(b, node->output[i])->value = output[i];
done:
    return err;
}

static fd_error *make_outputs(builder *b)
{
    fd_error *err = NULL;
    fd_graph *g = b->graph;
    if (b->file->n_output > FD_MAX_OUTPUTS)
        FD_THROW(FD_UNSUPPORTED, "the network has %zu outputs; %d are supported", b->file->n_output, FD_MAX_OUTPUTS);
    for (size_t i = 0; i < b->file->n_output; i++) {
        const char *name = b->file->output[i]->name ? b->file->output[i]->name : "";
        const binding *made = find(b, name);
        if (!made || made->value < 0)
            return bad_output(FD_FORMAT, name, "is made by no node");
        const fd_value *v = &g->value[made->value];
        if (v->data)
            return bad_output(FD_UNSUPPORTED, name, "does not depend on its input");
        if (g->batch != g->file_batch && (v->shape.rank == 0 || v->shape.dim[0] != g->batch))
            return bad_output(FD_UNSUPPORTED, name, "does not begin with the batch, which the file fixes to another size");
        g->output[g->outputs] = made->value;
        FD_TRY(fd_heap_text(g->heap, &g->output_name[g->outputs++], "%s", name));
    }
done:
    return err;
}

fd_error *fd_graph_build(fd_graph *g, fd_model *m, const fd_build *how)
{
    fd_error *err = NULL;
    builder b = {.graph = g, .model = m, .file = m->proto->graph};
    const Onnx__ValueInfoProto *input;
    g->heap = m->heap;
    FD_TRY(collect(&b));
    FD_TRY(find_input(&b, &input));
    FD_TRY(make_input(&b, input, how));
    FD_TRY(make_constants(&b));
    for (size_t i = 0; i < b.file->n_node; i++)
        FD_TRY(lower_node(&b, b.file->node[i]));
    FD_TRY(make_outputs(&b));
done:
    return err;
}
