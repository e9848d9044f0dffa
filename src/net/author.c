#include "net/author.h"

#include <onnx/onnx.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Everything below the model comes from malloc, so that protobuf-c's own function frees it. */
struct fd_author {
    Onnx__ModelProto *model;
    size_t nodes, constants, inputs, outputs;   /* capacities */
};

/* *out = a zeroed message of this type. */
#define MESSAGE(out, type, init)                   \
    do {                                           \
        FD_TRY(fd_alloc((out), 1, sizeof(type)));  \
        *(*(out)) = (type)init;                    \
    } while (0)

fd_error *fd_author_open(const char *name, fd_author **out)
{
    fd_error *err = NULL;
    fd_author *a = NULL;
    FD_TRY(fd_alloc(&a, 1, sizeof *a));
    MESSAGE(&a->model, Onnx__ModelProto, ONNX__MODEL_PROTO__INIT);
    Onnx__ModelProto *m = a->model;
    m->has_ir_version = 1;
    m->ir_version = 7;   /* of the time of this operator set */
    FD_TRY(fd_strdup(&m->producer_name, "facesdist"));
    FD_TRY(fd_alloc(&m->opset_import, 1, sizeof *m->opset_import));
    MESSAGE(&m->opset_import[0], Onnx__OperatorSetIdProto, ONNX__OPERATOR_SET_ID_PROTO__INIT);
    m->n_opset_import = 1;
    m->opset_import[0]->has_version = 1;
    m->opset_import[0]->version = FD_AUTHOR_OPSET;
    FD_TRY(fd_strdup(&m->opset_import[0]->domain, ""));
    MESSAGE(&m->graph, Onnx__GraphProto, ONNX__GRAPH_PROTO__INIT);
    FD_TRY(fd_strdup(&m->graph->name, name));
    *out = a;
    a = NULL;
done:
    fd_author_close(a);
    return err;
}

void fd_author_close(fd_author *a)
{
    if (!a)
        return;
    if (a->model)
        onnx__model_proto__free_unpacked(a->model, NULL);
    free(a);
}

static fd_error *add_attribute(Onnx__NodeProto *node, const fd_attribute_text *text)
{
    fd_error *err = NULL;
    Onnx__AttributeProto *a;
    MESSAGE(&a, Onnx__AttributeProto, ONNX__ATTRIBUTE_PROTO__INIT);
    node->attribute[node->n_attribute++] = a;
    FD_TRY(fd_strdup(&a->name, text->name));
    a->has_type = 1;
    if (text->n == 0) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        a->has_f = 1;
        a->f = text->real;
    } else if (text->n == 1) {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        a->has_i = 1;
        a->i = text->ints[0];
    } else {
        a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        FD_TRY(fd_alloc(&a->ints, (size_t)text->n, sizeof *a->ints));
        memcpy(a->ints, text->ints, (size_t)text->n * sizeof *a->ints);
        a->n_ints = (size_t)text->n;
    }
done:
    return err;
}

fd_error *fd_author_node(fd_author *a, const fd_node_text *text)
{
    fd_error *err = NULL;
    Onnx__GraphProto *g = a->model->graph;
    Onnx__NodeProto *node;
    int inputs = 0, attributes = 0;
    while (inputs < 5 && text->input[inputs])
        inputs++;
    while (attributes < 4 && text->attribute[attributes].name)
        attributes++;
    FD_TRY(fd_grow(&g->node, &a->nodes, g->n_node + 1, sizeof *g->node));
    MESSAGE(&node, Onnx__NodeProto, ONNX__NODE_PROTO__INIT);
    g->node[g->n_node++] = node;
    FD_TRY(fd_strdup(&node->name, text->output));
    FD_TRY(fd_strdup(&node->op_type, text->op));
    FD_TRY(fd_alloc(&node->input, (size_t)inputs, sizeof *node->input));
    for (int i = 0; i < inputs; i++)
        FD_TRY(fd_strdup(&node->input[node->n_input++], text->input[i]));
    FD_TRY(fd_alloc(&node->output, 1, sizeof *node->output));
    FD_TRY(fd_strdup(&node->output[node->n_output++], text->output));
    FD_TRY(fd_alloc(&node->attribute, (size_t)attributes, sizeof *node->attribute));
    for (int i = 0; i < attributes; i++)
        FD_TRY(add_attribute(node, &text->attribute[i]));
done:
    return err;
}

fd_error *fd_author_constant(fd_author *a, const char *name, int rank, const int64_t *dim, const float *data)
{
    fd_error *err = NULL;
    Onnx__GraphProto *g = a->model->graph;
    Onnx__TensorProto *t;
    size_t count = 1;
    FD_TRY(fd_grow(&g->initializer, &a->constants, g->n_initializer + 1, sizeof *g->initializer));
    MESSAGE(&t, Onnx__TensorProto, ONNX__TENSOR_PROTO__INIT);
    g->initializer[g->n_initializer++] = t;
    FD_TRY(fd_strdup(&t->name, name));
    FD_TRY(fd_alloc(&t->dims, (size_t)rank, sizeof *t->dims));
    for (int i = 0; i < rank; i++)
        count *= (size_t)(t->dims[t->n_dims++] = dim[i]);
    t->has_data_type = 1;
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    FD_TRY(fd_alloc(&t->raw_data.data, count, sizeof *data));
    t->has_raw_data = 1;
    t->raw_data.len = count * sizeof *data;
    memcpy(t->raw_data.data, data, t->raw_data.len);   /* little-endian, as the format wants and this program's machines are */
done:
    return err;
}

static fd_error *add_dimension(Onnx__TensorShapeProto *shape, int64_t size)
{
    static const char *const open_ends[] = {"batch", "channels", "height", "width"};
    fd_error *err = NULL;
    Onnx__TensorShapeProto__Dimension *d;
    MESSAGE(&d, Onnx__TensorShapeProto__Dimension, ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT);
    shape->dim[shape->n_dim++] = d;
    if (size >= 0) {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = size;
    } else {
        FD_TRY(fd_strdup(&d->dim_param, open_ends[shape->n_dim - 1]));
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    }
done:
    return err;
}

fd_error *fd_author_value(fd_author *a, int output, const char *name, int rank, const int64_t *dim)
{
    fd_error *err = NULL;
    Onnx__GraphProto *g = a->model->graph;
    Onnx__ValueInfoProto *v;
    Onnx__ValueInfoProto ***list = output ? &g->output : &g->input;
    size_t *n = output ? &g->n_output : &g->n_input;
    FD_TRY(fd_grow(list, output ? &a->outputs : &a->inputs, *n + 1, sizeof **list));
    MESSAGE(&v, Onnx__ValueInfoProto, ONNX__VALUE_INFO_PROTO__INIT);
    (*list)[(*n)++] = v;
    FD_TRY(fd_strdup(&v->name, name));
    MESSAGE(&v->type, Onnx__TypeProto, ONNX__TYPE_PROTO__INIT);
    MESSAGE(&v->type->tensor_type, Onnx__TypeProto__Tensor, ONNX__TYPE_PROTO__TENSOR__INIT);
    v->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    v->type->tensor_type->has_elem_type = 1;
    v->type->tensor_type->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    MESSAGE(&v->type->tensor_type->shape, Onnx__TensorShapeProto, ONNX__TENSOR_SHAPE_PROTO__INIT);
    FD_TRY(fd_alloc(&v->type->tensor_type->shape->dim, (size_t)rank, sizeof(void *)));
    for (int i = 0; i < rank; i++)
        FD_TRY(add_dimension(v->type->tensor_type->shape, dim[i]));
done:
    return err;
}

fd_error *fd_author_pack(const fd_author *a, uint8_t **bytes, size_t *n)
{
    fd_error *err = NULL;
    *n = onnx__model_proto__get_packed_size(a->model);
    FD_TRY(fd_alloc(bytes, *n, 1));
    onnx__model_proto__pack(a->model, *bytes);
done:
    return err;
}
