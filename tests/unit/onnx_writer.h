/* Writes small ONNX files from C, so that a test shows the network that it tests. */
#ifndef TESTS_ONNX_WRITER_H
#define TESTS_ONNX_WRITER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the protobuf wire format. */
typedef struct onnx_bytes { uint8_t *at; size_t n, capacity; } onnx_bytes;

static inline void onnx_raw(onnx_bytes *b, const void *from, size_t n)
{
    if (b->n + n > b->capacity) {
        b->capacity = 2 * (b->n + n);
        b->at = realloc(b->at, b->capacity);
    }
    if (n)
        memcpy(b->at + b->n, from, n);
    b->n += n;
}

static inline void onnx_varint(onnx_bytes *b, uint64_t v)
{
    for (; v > 127; v >>= 7)
        onnx_raw(b, &(uint8_t){(uint8_t)(v | 128)}, 1);
    onnx_raw(b, &(uint8_t){(uint8_t)v}, 1);
}

static inline void onnx_int(onnx_bytes *b, int field, int64_t v)
{
    onnx_varint(b, (uint64_t)field << 3);
    onnx_varint(b, (uint64_t)v);
}

static inline void onnx_field(onnx_bytes *b, int field, const void *from, size_t n)
{
    onnx_varint(b, (uint64_t)field << 3 | 2);
    onnx_varint(b, n);
    onnx_raw(b, from, n);
}

static inline void onnx_text(onnx_bytes *b, int field, const char *text)
{
    onnx_field(b, field, text, strlen(text));
}

/* A message as a field; frees it. */
static inline void onnx_message(onnx_bytes *b, int field, onnx_bytes *message)
{
    onnx_field(b, field, message->at, message->n);
    free(message->at);
    *message = (onnx_bytes){0};
}

/* Attributes of the next node, collected one by one. */
static inline void onnx_attr_int(onnx_bytes *a, const char *name, int64_t v)
{
    onnx_bytes m = {0};
    onnx_text(&m, 1, name);
    onnx_int(&m, 3, v);
    onnx_int(&m, 20, 2);
    onnx_message(a, 5, &m);
}

static inline void onnx_attr_float(onnx_bytes *a, const char *name, float v)
{
    onnx_bytes m = {0};
    onnx_text(&m, 1, name);
    onnx_varint(&m, 2 << 3 | 5);
    onnx_raw(&m, &v, sizeof v);
    onnx_int(&m, 20, 1);
    onnx_message(a, 5, &m);
}

static inline void onnx_attr_text(onnx_bytes *a, const char *name, const char *v)
{
    onnx_bytes m = {0};
    onnx_text(&m, 1, name);
    onnx_text(&m, 4, v);
    onnx_int(&m, 20, 3);
    onnx_message(a, 5, &m);
}

static inline void onnx_attr_ints(onnx_bytes *a, const char *name, int n, const int64_t *v)
{
    onnx_bytes m = {0};
    onnx_text(&m, 1, name);
    for (int i = 0; i < n; i++)
        onnx_int(&m, 8, v[i]);
    onnx_int(&m, 20, 7);
    onnx_message(a, 5, &m);
}

/* The graph of a model being written. */
typedef struct onnx_model { onnx_bytes graph, attributes; int opset; } onnx_model;

static inline void onnx_value(onnx_model *m, int field, const char *name, int rank, const int64_t *dim)
{
    onnx_bytes shape = {0}, tensor = {0}, type = {0}, info = {0};
    for (int i = 0; i < rank; i++) {
        onnx_bytes d = {0};
        if (dim[i] < 0)
            onnx_text(&d, 2, "open");
        else
            onnx_int(&d, 1, dim[i]);
        onnx_message(&shape, 1, &d);
    }
    onnx_int(&tensor, 1, 1);
    onnx_message(&tensor, 2, &shape);
    onnx_message(&type, 1, &tensor);
    onnx_text(&info, 1, name);
    onnx_message(&info, 2, &type);
    onnx_message(&m->graph, field, &info);
}

/* Dimension -1: left open. */
static inline void onnx_input(onnx_model *m, const char *name, int rank, const int64_t *dim)
{
    onnx_value(m, 11, name, rank, dim);
}

static inline void onnx_output(onnx_model *m, const char *name)
{
    onnx_value(m, 12, name, 0, NULL);
}

/* An initializer with raw data. type 1: float32, 7: int64 */
static inline void onnx_tensor(onnx_model *m, const char *name, int type, int rank, const int64_t *dim, const void *data, size_t bytes)
{
    onnx_bytes t = {0};
    for (int i = 0; i < rank; i++)
        onnx_int(&t, 1, dim[i]);
    onnx_int(&t, 2, type);
    onnx_text(&t, 8, name);
    onnx_field(&t, 9, data, bytes);
    onnx_message(&m->graph, 5, &t);
}

static inline void onnx_floats(onnx_model *m, const char *name, int rank, const int64_t *dim, const float *data)
{
    size_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= (size_t)dim[i];
    onnx_tensor(m, name, 1, rank, dim, data, n * sizeof *data);
}

static inline void onnx_ints(onnx_model *m, const char *name, int n, const int64_t *data)
{
    onnx_tensor(m, name, 7, 1, &(int64_t){n}, data, (size_t)n * sizeof *data);
}

static inline void onnx_names(onnx_bytes *node, int field, const char *names)
{
    while (*names) {
        size_t n = strcspn(names, ",");
        onnx_field(node, field, names, n);
        names += n + (names[n] == ',');
    }
}

/* A node with the attributes collected in m->attributes; names separated by commas. */
static inline void onnx_node(onnx_model *m, const char *op, const char *inputs, const char *outputs)
{
    onnx_bytes node = {0};
    char name[256];
    snprintf(name, sizeof name, "make_%s", outputs);
    onnx_names(&node, 1, inputs);
    onnx_names(&node, 2, outputs);
    onnx_text(&node, 3, name);
    onnx_text(&node, 4, op);
    onnx_raw(&node, m->attributes.at, m->attributes.n);
    free(m->attributes.at);
    m->attributes = (onnx_bytes){0};
    onnx_message(&m->graph, 1, &node);
}

/* The whole file; free(result.at). The model is used up. */
static inline onnx_bytes onnx_finish(onnx_model *m)
{
    onnx_bytes file = {0}, opset = {0};
    onnx_int(&file, 1, 8);
    onnx_int(&opset, 2, m->opset ? m->opset : 13);
    onnx_message(&file, 8, &opset);
    onnx_message(&file, 7, &m->graph);
    return file;
}

#endif
